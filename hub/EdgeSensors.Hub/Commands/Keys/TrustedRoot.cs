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
        if (request.Check(Read(parsed, beside)) is { } error)
        {
            throw new CommandException("request", $"{error}.");
        }
    }

    /// <summary>Checks a root that sensors are to start from; throws with one line when it is not the one that is trusted here.</summary>
    public void Check(ParseResult parsed, string handedOn, string beside)
    {
        if (!System.IO.File.Exists(handedOn) || !System.IO.File.ReadAllBytes(handedOn).AsSpan().SequenceEqual(Read(parsed, beside)))
        {
            throw new CommandException("root", $"{handedOn} is not the root that is trusted here ({PathOf(parsed, beside)}): sign the request first (keys sign keeps the newest root there), or give the newest one with --root.");
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

    private byte[] Read(ParseResult parsed, string? beside) => PathOf(parsed, beside) is { } path && System.IO.File.Exists(path)
        ? System.IO.File.ReadAllBytes(path)
        : throw new CommandException("root", $"{PathOf(parsed, beside) ?? FileName} is not there; give --root the root.json of an enrolment: without it nothing tells whether the request is for your repository.", ExitCode.Usage);

    private string? PathOf(ParseResult parsed, string? beside) =>
        parsed.GetValue(File) ?? (beside is null ? null : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(beside))!, FileName));
}
