using EdgeSensors.Metering.Capture;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>The capture file that is the input.</summary>
/// <param name="path">Its path.</param>
internal sealed class InputFileCheck(string path) : ICheck
{
    private const string Area = "Input";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        if (!CaptureFile.TryOpen(path, out var file, out var error))
        {
            return Task.FromResult<IReadOnlyList<Finding>>([new Finding(Area, "capture file", Verdict.Fail, error.Message, "name a pcap or pcapng file as input.file")]);
        }

        using (file)
        {
            return Task.FromResult<IReadOnlyList<Finding>>([new Finding(Area, "capture file", Verdict.Ok, $"{path}, {file.Format}")]);
        }
    }
}
