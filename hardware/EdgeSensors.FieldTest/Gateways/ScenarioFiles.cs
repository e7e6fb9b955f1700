using EdgeSensors.FieldTest.Programs;

namespace EdgeSensors.FieldTest.Gateways;

/// <summary>Finds the files that a scenario names: beside it, or below the folder of captures.</summary>
/// <param name="Folder">The scenario's own folder; null for one that comes with the program.</param>
internal sealed record ScenarioFiles(string? Folder)
{
    /// <summary>Where a file is; null where it is not there.</summary>
    public string? Find(string named) => ((string?[])[Folder, ProgramLocator.DataFolder()]).OfType<string>().Select(folder => Path.Combine(folder, named)).FirstOrDefault(File.Exists);

    /// <summary>What to say of one that is not there.</summary>
    public string Missing(string named) => $"the capture {named} is not {(Folder is null ? "below" : "beside the scenario, nor below")} ../shared/data; put it there, or name another";
}
