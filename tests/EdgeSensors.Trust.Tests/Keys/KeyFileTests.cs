using System.Text;
using CsCheck;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Trust.Tests.Keys;

public sealed class KeyFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Passphrase _passphrase = Take("correct horse battery");

    public void Dispose()
    {
        _passphrase.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void An_encrypted_key_opens_with_its_passphrase()
    {
        using var key = SigningKey.Create();
        var file = KeyFile.WriteEncrypted(key, "root", _passphrase, Foundation.Cheap);

        Assert.True(KeyFile.TryRead(file, "f", _passphrase, out var opened, out var error), error?.ToString());
        Assert.Equal(key.Id, opened.Id);
        opened.Dispose();
    }

    [Fact]
    public void An_encrypted_key_file_does_not_hold_the_secret()
    {
        using var key = SigningKey.Create();
        var text = Encoding.UTF8.GetString(KeyFile.WriteEncrypted(key, "root", _passphrase, Foundation.Cheap));

        Assert.DoesNotContain(Convert.ToBase64String(key.ExportSecret()), text, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_passphrase_does_not_open_it()
    {
        using var key = SigningKey.Create();
        using var other = Take("correct horse batterz");
        var file = KeyFile.WriteEncrypted(key, "root", _passphrase, Foundation.Cheap);

        Assert.False(KeyFile.TryRead(file, "f", other, out _, out var error));
        Assert.Equal(KeyFileFault.WrongPassphrase, error.Fault);
    }

    [Fact]
    public void Without_a_passphrase_it_says_what_is_needed()
    {
        using var key = SigningKey.Create();
        var file = KeyFile.WriteEncrypted(key, "root", _passphrase, Foundation.Cheap);

        Assert.False(KeyFile.TryRead(file, "f", null, out _, out var error));
        Assert.Equal(KeyFileFault.PassphraseNeeded, error.Fault);
    }

    [Theory]
    [InlineData("\"role\":\"root\"", "\"role\":\"control\"")]
    [InlineData("\"passes\":1", "\"passes\":2")]
    public void A_changed_member_is_noticed(string before, string after)
    {
        using var key = SigningKey.Create();
        var text = Encoding.UTF8.GetString(KeyFile.WriteEncrypted(key, "root", _passphrase, Foundation.Cheap));

        Assert.False(KeyFile.TryRead(Encoding.UTF8.GetBytes(text.Replace(before, after, StringComparison.Ordinal)), "f", _passphrase, out _, out var error));
        Assert.Equal(KeyFileFault.WrongPassphrase, error.Fault);
    }

    [Fact]
    public void A_file_that_asks_for_more_memory_than_the_bound_is_refused_unopened()
    {
        using var key = SigningKey.Create();
        var text = Encoding.UTF8.GetString(KeyFile.WriteEncrypted(key, "root", _passphrase, Foundation.Cheap));
        var greedy = text.Replace("\"memory_kib\":8", "\"memory_kib\":2147483647", StringComparison.Ordinal);

        Assert.False(KeyFile.TryRead(Encoding.UTF8.GetBytes(greedy), "f", _passphrase, out _, out var error));
        Assert.Equal(KeyFileFault.Malformed, error.Fault);
    }

    [Fact]
    public void Any_bytes_give_a_key_or_a_typed_error()
    {
        using var key = SigningKey.Create();
        byte[][] seeds = [KeyFile.WritePlain(key, "control"), KeyFile.WriteEncrypted(key, "root", _passphrase, Foundation.Cheap)];

        Mutation.Of(seeds).Sample(
            bytes =>
            {
                // A mutation may raise the cost up to the bound; what is tested is the reading, not the patience.
                var expensive = Encoding.UTF8.GetString(bytes) is var text && !text.Contains("\"memory_kib\":8,", StringComparison.Ordinal);
                var read = KeyFile.TryRead(bytes, "f", expensive ? null : _passphrase, out var opened, out var error);
                opened?.Dispose();
                return read != (error is not null);
            },
            iter: 3000);
    }

    [Fact]
    public void Key_files_and_their_folder_are_the_owners_only()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no Unix permissions");
            return;
        }

        using var key = SigningKey.Create();

        OnlineKeys.Save(_folder["online"], "snapshot", key);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Assert.Single(Directory.GetFiles(_folder["online"]))));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder["online"]));
    }

    [Fact]
    public void A_hub_can_tell_that_it_could_open_an_offline_key()
    {
        using var key = SigningKey.Create();
        using var other = Take("some other passphrase");
        OfflineKeys.Save(_folder["offline"], "root", key, _passphrase, Foundation.Cheap);

        Assert.False(OfflineKeys.CanOpen(_folder["offline"], []));
        Assert.False(OfflineKeys.CanOpen(_folder["offline"], [other]));
        Assert.True(OfflineKeys.CanOpen(_folder["offline"], [other, _passphrase]));
        Assert.False(OfflineKeys.CanOpen(_folder["elsewhere"], [_passphrase]));

        OnlineKeys.Save(_folder["offline"], "targets", key); // a plain file slipped in
        Assert.EndsWith("targets-1.key", OfflineKeys.FindOpenable(_folder["offline"], []), StringComparison.Ordinal);
    }

    [Fact]
    public void An_offline_key_among_the_online_ones_is_to_be_taken_away_and_not_to_be_opened()
    {
        using var key = SigningKey.Create();
        OfflineKeys.Save(_folder["online"], "root", key, _passphrase, Foundation.Cheap);

        Assert.False(OnlineKeys.TryLoad(_folder["online"], out _, out var error));
        Assert.Contains("take it out of this folder", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("give its passphrase", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_file_that_is_not_there_is_one_sentence()
    {
        Assert.False(OfflineKeys.TryOpenOne(_folder["nowhere.key"], _passphrase, out _, out var error));
        Assert.False(error.Message.EndsWith('.'), error.Message);
    }

    [Fact]
    public void Only_the_keys_of_the_roles_asked_for_are_opened()
    {
        using var one = SigningKey.Create();
        using var two = SigningKey.Create();
        using var other = Take("some other passphrase");
        OfflineKeys.Save(_folder["offline"], "authorizations-carrier-a", one, _passphrase, Foundation.Cheap);
        OfflineKeys.Save(_folder["offline"], "root", two, other, Foundation.Cheap);

        Assert.True(OfflineKeys.TryOpen(_folder["offline"], _passphrase, ["authorizations-carrier-a"], out var keys, out var error), error?.ToString());
        Assert.Equal([one.Id], keys.KeyIds);
        Assert.False(OfflineKeys.TryOpen(_folder["offline"], _passphrase, [], out _, out error));
        Assert.Equal(KeyFileFault.WrongPassphrase, error.Fault);
        keys.Dispose();
    }

    [Theory]
    [InlineData("a passphrase\r\n", "a passphrase")]
    [InlineData("a passphrase\nand more", "a passphrase")]
    public void A_passphrase_is_the_first_line(string text, string expected)
    {
        Assert.True(Passphrase.TryRead(new StringReader(text), out var passphrase));
        Assert.Equal(expected, Encoding.UTF8.GetString(passphrase.Utf8));
        Assert.DoesNotContain(expected, passphrase.ToString(), StringComparison.Ordinal);
        passphrase.Dispose();
    }

    [Fact]
    public void An_endless_or_empty_passphrase_is_none()
    {
        Assert.False(Passphrase.TryRead(new StringReader(new string('x', 100_000)), out _));
        Assert.False(Passphrase.TryRead(new StringReader("\n"), out _));
        Assert.False(Passphrase.TryReadFile(_folder["nothing"], out _));
    }

    private static Passphrase Take(string text)
    {
        Assert.True(Passphrase.TryCreate(text, out var passphrase));
        return passphrase;
    }
}
