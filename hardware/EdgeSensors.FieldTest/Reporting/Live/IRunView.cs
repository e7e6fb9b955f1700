namespace EdgeSensors.FieldTest.Reporting.Live;

/// <summary>What a person sees of a run while it goes on. Disposing of it ends the view and leaves the terminal as it was.</summary>
internal interface IRunView : IRunWatch, IDisposable;
