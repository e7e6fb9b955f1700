using System.Globalization;
using EdgeSensors.Firmware.Tests.Store;

namespace EdgeSensors.Firmware.Tests.Run;

/// <summary>A power cut at any write of an update: the tap comes back with what it had or with what is new, whole and verified.</summary>
public sealed class PowerCutTests : IDisposable
{
    // The long version is asked for by the environment.
    private static readonly int Cuts = int.TryParse(Environment.GetEnvironmentVariable("EDGESENSORS_CUTS"), CultureInfo.InvariantCulture, out int cuts) ? cuts : 40;

    private readonly TapBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void After_each_cut_the_list_and_the_authorisation_are_the_old_or_the_new_ones()
    {
        _bench.PublishList(1, "203.0.113.7");
        _bench.Until(() => _bench.Tap.Updates.List is not null && !_bench.Tap.Updates.IsBusy && _bench.Tap.Outbox.Waiting == 0);
        _bench.Run(TimeSpan.FromSeconds(3));
        byte[] before = [.. _bench.Flash.Octets];
        _bench.PublishList(2, "203.0.113.7", "203.0.113.8");

        // How many writes the update takes, to cut at each of them or at as many as there is time for.
        before.CopyTo(_bench.Flash.Octets, 0);
        long writes = Update(cutAfter: -1);
        Assert.Equal(2, Restarted());
        int old = 0, renewed = 0;
        for (int cut = 0; cut < Cuts; cut++)
        {
            before.CopyTo(_bench.Flash.Octets, 0);
            Update(cutAfter: Cuts >= writes ? cut % writes : cut * writes / Cuts);
            if (Restarted() == 1)
            {
                old++;
            }
            else
            {
                renewed++;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{Cuts} cuts over {writes} writes: {old} came back with the old list, {renewed} with the new one");
        Assert.True(old > 0 && renewed > 0);
    }

    /// <summary>Starts from flash and updates until the power fails, or all is done.</summary>
    private long Update(long cutAfter)
    {
        _bench.Hub.IsReachable = true;
        _bench.Hub.Committed.Clear(); // what the tap did after the restored moment has not happened
        _bench.PowerOn();
        _bench.Until(() => _bench.Tap.Updates.List is { Version: 1 });
        _bench.Run(TimeSpan.FromMilliseconds(20));
        long writes = _bench.Flash.Changes;
        _bench.Flash.PowerFailsAfter = cutAfter;
        try
        {
            _bench.Until(() => _bench.Tap.Updates.List is { Version: 2 } && !_bench.Tap.Updates.IsBusy);
            _bench.Run(TimeSpan.FromSeconds(2));
        }
        catch (PowerCutException)
        {
            // That is what it is for.
        }

        return _bench.Flash.Changes - writes;
    }

    /// <summary>Starts again with the hub away; returns the version of the list in force.</summary>
    private long Restarted()
    {
        _bench.Hub.IsReachable = false;
        _bench.PowerOn();
        _bench.Until(() => _bench.Tap.IsMeasuring && _bench.Tap.Updates.List is not null, seconds: 30);
        Assert.Equal("auth-2", _bench.Tap.Meter.Authority.Id);
        return _bench.Tap.Updates.List!.Version;
    }
}
