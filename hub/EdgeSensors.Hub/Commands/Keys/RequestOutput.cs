using System.CommandLine;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>What every command that makes a request takes: the hub, where the request goes, and why it is made.</summary>
/// <param name="isFileRequired">Whether the command has no other use than to make a request.</param>
internal sealed class RequestOutput(bool isFileRequired = true)
{
    public const int MaxReason = 1_000;

    public Option<string> Directory { get; } = new("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };

    public Option<string> File { get; } = new("--out") { Description = "The request to write.", HelpName = "REQUEST", Required = isFileRequired };

    public Option<string> Reason { get; } = ReasonOption();

    public static Option<string> ReasonOption()
    {
        var reason = new Option<string>("--reason") { Description = "Why, for whoever is to sign.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        reason.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } text && (text.Length > MaxReason || text.Any(char.IsControl)))
            {
                result.AddError($"--reason takes one line of at most {MaxReason} characters.");
            }
        });
        return reason;
    }

    public HubFolder FolderOf(ParseResult parsed)
    {
        var path = Path.GetFullPath(parsed.GetRequiredValue(Directory));
        return new HubFolder(path, path + "-offline");
    }

    /// <summary>Makes the request, writes it, and says what it does and who is to sign.</summary>
    public int Write(ParseResult parsed, TufRepository repository, RepositoryChange change) =>
        Write(repository, change, parsed.GetRequiredValue(File), parsed.GetValue(Reason)!);

    public static int Write(TufRepository repository, RepositoryChange change, string file, string reason)
    {
        if (System.IO.File.Exists(file))
        {
            throw new CommandException("exists", $"{file} is there already; choose another name, or remove it.");
        }

        if (!repository.Prepare(change, reason).TryGet(out var request, out var error))
        {
            throw Failure(error);
        }

        var bytes = request.ToBytes();
        if (bytes.Length > SigningRequest.MaxBytes)
        {
            throw new CommandException("request", "What it brings is longer than a request can be; ask for less at once.");
        }

        System.IO.File.WriteAllBytes(file, bytes);
        RequestText.Describe(request);
        Console.Out.WriteLine($"made {file}; nothing is published yet");
        Console.Out.WriteLine($"next: edgesensors-hub keys sign {file} --key FILE, where the keys are; then keys apply {file} --dir {Path.GetDirectoryName(repository.Directory)}");
        return ExitCode.Ok;
    }

    public static CommandException Failure(RepositoryError error) => new(
        error.Kind switch
        {
            RepositoryErrorKind.Outdated => "outdated",
            RepositoryErrorKind.Refused => "request",
            RepositoryErrorKind.KeysMissing => "signatures",
            _ => "repository",
        },
        $"{error}.");

    public static SigningRequest Read(string file) =>
        new FileInfo(file) is { Exists: true, Length: > SigningRequest.MaxBytes } ? throw new CommandException("request", $"{file} is longer than a request can be.")
        : SigningRequest.TryParse(System.IO.File.ReadAllBytes(file), out var request, out var error) ? request
        : throw new CommandException("request", $"{file}: {error}.");
}
