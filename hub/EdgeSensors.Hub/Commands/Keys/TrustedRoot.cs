using System.CommandLine;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>
/// The root that a signer holds requests against. It came another way than the request (an enrolment, or the hub's founding), and grows with what its keeper signs, so that no older state
/// of the repository passes for the present one.
/// </summary>
internal sealed class TrustedRoot
{
    public const string FileName = "root.json";

    public Option<string?> File { get; } = new("--root") { Description = "A root.json that came another way than the request (default: root.json beside the first key).", HelpName = "FILE" };

    /// <summary>Checks a request; throws with one line when it is not for the repository that is trusted here.</summary>
    public void Check(ParseResult parsed, SigningRequest request, string? beside)
    {
        var path = PathOf(parsed, beside);
        if (path is null || !System.IO.File.Exists(path))
        {
            throw new CommandException("root", $"{path ?? FileName} is not there; give --root the root.json of an enrolment: without it nothing tells whether the request is for your repository.", ExitCode.Usage);
        }

        if (request.Check(System.IO.File.ReadAllBytes(path)) is { } error)
        {
            throw new CommandException("request", $"{error}.");
        }
    }

    /// <summary>Keeps the newest root that a signed request rests on, beside the key.</summary>
    public void Keep(ParseResult parsed, SigningRequest request, string beside)
    {
        if (parsed.GetValue(File) is null && PathOf(parsed, beside) is { } path)
        {
            WholeFile.Write(path, request.PresentRoot.ToArray());
        }
    }

    private string? PathOf(ParseResult parsed, string? beside) =>
        parsed.GetValue(File) ?? (beside is null ? null : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(beside))!, FileName));
}
