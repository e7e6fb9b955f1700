using Spectre.Console;

namespace EdgeSensors.FieldTest.Reporting.Live;

/// <summary>Chooses how a run is shown.</summary>
internal static class RunViews
{
    /// <summary>A picture that is kept up to date where a person sits at a terminal, plain lines everywhere else.</summary>
    public static IRunView Open(IAnsiConsole console, TimeProvider time) => LivePicture.IsThere(console) ? new LiveView(console, time) : new PlainView(console.Profile.Out.Writer);
}
