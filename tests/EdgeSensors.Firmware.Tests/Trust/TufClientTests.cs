using EdgeSensors.Firmware.Trust;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Firmware.Tests.Trust;

/// <summary>The client workflow of TUF 1.0.34, section 5, on the tap, over repositories that the hub's own library publishes.</summary>
public sealed class TufClientTests : IDisposable
{
    private readonly UpdatedRepository _repository = new();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public void An_update_with_a_new_root_is_followed_and_what_did_not_change_is_not_asked_for_again()
    {
        TapClient client = _repository.Known();
        client.Asked.Clear();
        Assert.Equal(TufFault.None, client.Update(_repository.After, _repository.NowMs));
        Assert.Equal(TufPhase.Done, client.Tuf.Phase);
        Assert.Equal(
            ["2.root.json", "3.root.json", "timestamp.json", "4.snapshot.json", "2.targets.json", "3.authorizations-carrier-a.json", "3.blocklists.json"],
            client.Asked);
        Assert.Equal(200, client.List.Length);

        client.Asked.Clear();
        int before = client.Tuf.SignaturesChecked;
        Assert.Equal(TufFault.None, client.Update(_repository.After, _repository.NowMs));
        Assert.Equal(["3.root.json", "timestamp.json"], client.Asked);
        Assert.Equal(before, client.Tuf.SignaturesChecked);

        // Another document: one role, and no signature of the others.
        _repository.Foundation.Publish(new RepositoryChange().SetTarget(UpdatedRepository.ListPath, new byte[7]), _repository.Keys);

        client.Asked.Clear();
        Assert.Equal(TufFault.None, client.Update(_repository.Files(), _repository.NowMs));
        Assert.Equal(["3.root.json", "timestamp.json", "5.snapshot.json", "4.blocklists.json"], client.Asked);
        Assert.Equal(before + 3, client.Tuf.SignaturesChecked);
        Assert.Equal(7, client.List.Length);
    }

    [Fact]
    public void The_newest_root_can_be_the_anchor()
    {
        TapClient client = new();
        Assert.Equal(TufFault.None, client.Anchor(_repository.After["2.root.json"]));
        Assert.Equal(TufFault.None, client.Update(_repository.After, _repository.NowMs));
    }

    [Fact]
    public void A_root_that_its_own_keys_did_not_sign_is_no_anchor()
    {
        byte[] root = [.. _repository.Before["1.root.json"]];
        root[^20] ^= 1;
        TapClient client = new();
        Assert.NotEqual(TufFault.None, client.Anchor(root));
        Assert.Equal(TufFault.NoTrustedRoot, client.Update(_repository.Before, _repository.KnownMs));
    }

    [Fact]
    public void A_rolled_back_timestamp_is_refused()
    {
        TapClient client = new();
        client.Anchor(_repository.Before["1.root.json"]);
        byte[] old = File.ReadAllBytes(Path.Combine(_repository.Foundation.Repository.MetadataDirectory, "timestamp.json"));
        Assert.Equal(TufFault.None, client.Update(_repository.After, _repository.NowMs));
        _repository.Foundation.Publish(new RepositoryChange().Renew("snapshot"), _repository.Keys);

        Assert.Equal(TufFault.None, client.Update(_repository.Files(), _repository.NowMs));
        string trusted = client.Trusted();
        Assert.Equal(TufFault.Rollback, client.Update(new Dictionary<string, byte[]> { ["timestamp.json"] = old }, _repository.NowMs));
        Assert.Equal(trusted, client.Trusted());
    }

    [Fact]
    public void After_new_timestamp_keys_an_older_version_is_taken_again()
    {
        // Section 5.3.11: recovery from a fast-forward attack.
        TapClient client = _repository.Known();
        Assert.True(client.Tuf.TimestampVersion > 0);
        Assert.Equal(TufFault.None, client.Update(_repository.After, _repository.NowMs));
        Assert.Equal(2, client.Tuf.RootVersion);
    }

    [Fact]
    public void What_has_expired_is_refused_be_it_stored_or_new()
    {
        TapClient client = _repository.Known();
        long day = 86_400_000;
        Assert.Equal(TufFault.Expired, client.Update(_repository.Before, _repository.KnownMs + day));
        Assert.Equal(TufFault.Expired, client.Update(_repository.After, _repository.NowMs + 2 * day));
        Assert.Equal(TufFault.Expired, client.Update(_repository.After, _repository.NowMs + 400 * day));
    }

    [Fact]
    public void Without_the_hub_what_is_stored_verifies_without_asking_for_a_root()
    {
        TapClient client = new();
        client.Anchor(_repository.After["2.root.json"]);
        Assert.Equal(TufFault.None, client.Update(_repository.After, _repository.NowMs, online: false));
        Assert.DoesNotContain("3.root.json", client.Asked);
    }

    [Fact]
    public void Every_octet_of_every_metadata_file_altered_is_refused()
    {
        // The update's files in their order: each stands behind those before it, which are verified once.
        string[] names = ["2.root.json", "timestamp.json", "4.snapshot.json", "2.targets.json", "3.authorizations-carrier-a.json", "3.blocklists.json"];
        bool all = Environment.GetEnvironmentVariable("EDGESENSORS_EVERY_VALUE") is not null;
        int altered = 0;
        foreach (string name in names)
        {
            byte[] file = _repository.After[name];
            Parallel.For(0, 2, half =>
            {
                TapClient client = _repository.Known();
                string? before = null;
                for (int at = half; at < file.Length; at += 2)
                {
                    // A neighbouring digit or letter; where a hash stands before the signatures, the other case too.
                    foreach (int mask in all ? Enumerable.Range(1, 255) : Array.IndexOf(names, name) > 1 ? [1, 0x20] : [at % 3 == 0 ? 0x20 : 1])
                    {
                        byte[] wrong = [.. file];
                        wrong[at] ^= (byte)mask;
                        Dictionary<string, byte[]> files = new(_repository.After, StringComparer.Ordinal) { [name] = wrong };
                        TufFault fault = client.Update(files, _repository.NowMs);
                        Assert.True(fault is not TufFault.None and not TufFault.NotFound, $"{name}: octet {at} with {mask:x} gives {fault}");
                        Assert.NotEqual(TufPhase.Done, client.Tuf.Phase);
                        Assert.Equal(before ?? client.Trusted(), client.Trusted());
                        before = client.Trusted();
                        Interlocked.Increment(ref altered);
                    }
                }

                // And the right one is taken afterwards.
                Assert.Equal(TufFault.None, client.Update(_repository.After, _repository.NowMs));
            });
        }

        Assert.Equal(names.Sum(n => _repository.After[n].Length * (all ? 255 : Array.IndexOf(names, n) > 1 ? 2 : 1)), altered);
        TestContext.Current.TestOutputHelper?.WriteLine($"{altered} alterations of {names.Sum(n => _repository.After[n].Length)} octets");
    }

    [Fact]
    public void A_file_cut_short_or_with_more_behind_it_is_refused()
    {
        foreach (string name in (string[])["2.root.json", "timestamp.json", "4.snapshot.json", "2.targets.json", "3.blocklists.json"])
        {
            byte[] file = _repository.After[name];
            foreach (byte[] wrong in (byte[][])[[], file[..^1], [.. file, (byte)' '], [.. file, .. file]])
            {
                TapClient client = _repository.Known();
                Dictionary<string, byte[]> files = new(_repository.After, StringComparer.Ordinal) { [name] = wrong };
                Assert.NotEqual(TufFault.None, client.Update(files, _repository.NowMs));
            }
        }
    }
}
