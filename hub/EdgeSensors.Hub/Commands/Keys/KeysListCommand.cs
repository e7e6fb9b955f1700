using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using Spectre.Console;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary><c>edgesensors-hub keys list</c>: every role with its keys, where each lies, and when its metadata expires.</summary>
internal static class KeysListCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static Command Create()
    {
        var directory = new Option<string>("--dir") { Description = "The hub's folder.", HelpName = "DIR", Required = true };
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var access = new OfflineAccess();
        var command = new Command("list", "List roles, keys, thresholds, where each key lies, and what expires when.") { directory, json, access.Folder };
        command.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var folder = new HubFolder(path, access.FolderOf(parsed, path));
            var roles = Read(folder);
            if (parsed.GetValue(json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(roles, Json));
                return ExitCode.Ok;
            }

            var table = Screen.Table("role", "version", "expires", "must sign", "delegated by", "key", "lies in");
            foreach (var role in roles)
            {
                foreach (var (key, at) in role.Keys.Select((key, at) => (key, at)))
                {
                    table.AddRow(at > 0
                        ? ["", "", "", "", "", key.Id, Markup.Escape(key.Path ?? "elsewhere")]
                        : [role.Role, Text(role.Version), role.Expires is null ? "" : $"{role.Expires} ({role.Days} days){(role.Warning ? " !" : "")}", $"{role.Threshold} of {role.Keys.Count}", role.Delegator, key.Id, Markup.Escape(key.Path ?? "elsewhere")]);
                }
            }

            Screen.Write(table);
            return ExitCode.Ok;
        });
        return command;
    }

    private static List<RoleRow> Read(HubFolder folder)
    {
        var repository = folder.OpenRepository(TimeProvider.System);
        if (!repository.ReadRoles().TryGet(out var roles, out var error) || !repository.ReadWitnessPolicies().TryGet(out var policies, out error))
        {
            throw new CommandException("repository", $"{error}.");
        }

        var places = KeyPlace.In(folder.Online).Concat(KeyPlace.In(folder.Offline)).Concat(KeyPlace.In(folder.LogKey)).ToLookup(place => place.KeyId, StringComparer.Ordinal);
        KeyRow Row(string id, string scheme) => new(id, scheme, places[id].FirstOrDefault() is { } place ? place.Path : null, places[id].FirstOrDefault()?.IsEncrypted);
        var now = TimeProvider.System.GetUtcNow();
        return [
            .. roles.Select(role => new RoleRow(
                role.Role, role.Version, role.Version == 0 ? null : role.Expires.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture),
                role.Version == 0 ? null : (int)Math.Floor((role.Expires - now).TotalDays), role.Version > 0 && ExpiryWatch.IsNear(role.Role, role.Expires, now),
                role.Threshold, role.Delegator, role.Paths, role.Terminating, RepositoryRoles.IsOnline(role.Role), [.. role.Keys.Select(key => Row(key.Id, key.Scheme))])),
            .. policies[^1].Logs.Select(log => new RoleRow($"log {log.Name}", 0, null, null, false, 1, "root", [], false, places[log.KeyId].Any(place => !place.IsEncrypted), [Row(log.KeyId, "ed25519")])),
        ];
    }

    private static string Text(long version) => version == 0 ? "" : version.ToString(CultureInfo.InvariantCulture);

    /// <summary>A role; <c>expires</c> and <c>days</c> are null where it has signed nothing, <c>warning</c> says that people should renew it.</summary>
    private sealed record RoleRow(
        string Role, long Version, string? Expires, int? Days, bool Warning, int Threshold, string Delegator, IReadOnlyList<string> Paths, bool Terminating, bool Online, IReadOnlyList<KeyRow> Keys);

    /// <summary>A key; <c>path</c> is null where its private half is not on this machine.</summary>
    private sealed record KeyRow(string Id, string Scheme, string? Path, bool? Encrypted);
}
