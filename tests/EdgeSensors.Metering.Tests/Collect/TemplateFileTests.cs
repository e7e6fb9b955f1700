using CsCheck;
using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>What is known of exporters survives a restart of the collector.</summary>
public sealed class TemplateFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose()
    {
        File.Delete(_path);
        File.Delete(_path + ".new");
    }

    private static ExportMessage Records(uint seconds, uint sequence) =>
        ExportMessage.Ipfix(seconds, sequence).Set(256, set => set.U32(1).U32(10).U32(7));

    private CollectorRig Saved()
    {
        var rig = new CollectorRig();
        rig.Add(ExportMessage.Ipfix(1_000_000, 50)
            .Set(2, set => set.Template(256, (8, 4), (2, 4), (302, 4)))
            .Set(3, set => set.U16(300).U16(3).U16(1).U16(302).U16(4).U16(309).U16(4).U16(310).U16(4))
            .Set(300, set => set.U32(7).U32(1).U32(512)));
        Assert.True(TemplateFile.TrySave(_path, rig.Collector, out var error), error?.Message);
        return rig;
    }

    [Fact]
    public void Records_after_a_restart_are_read_by_the_templates_of_before_and_the_gap_is_counted()
    {
        Saved();
        var rig = new CollectorRig();
        Assert.True(TemplateFile.TryLoad(_path, rig.Collector, out var error), error?.Message);
        rig.Add(Records(1_000_009, 60));
        var flow = Assert.Single(rig.Flows);
        Assert.Equal((10L, 512.0), (flow.PacketCount, flow.Sampling.OneIn));
        Assert.Equal(9, rig.Report().MissingCount);
    }

    [Fact]
    public void Templates_of_an_exporter_that_restarted_meanwhile_wait_to_be_confirmed()
    {
        Saved();
        var rig = new CollectorRig();
        Assert.True(TemplateFile.TryLoad(_path, rig.Collector, out _));
        rig.Add(Records(1_000_009, 0));
        Assert.Empty(rig.Flows);
        Assert.Equal(1, rig.Report().RestartCount);
        rig.Add(ExportMessage.Ipfix(1_000_010, 1).Set(2, set => set.Template(256, (8, 4), (2, 4), (302, 4))));
        Assert.Single(rig.Flows);
    }

    [Fact]
    public void A_missing_a_foreign_and_a_damaged_file_are_typed_errors_and_change_nothing()
    {
        var rig = new CollectorRig();
        Assert.False(TemplateFile.TryLoad(_path, rig.Collector, out var error));
        Assert.Equal(TemplateFileErrorKind.NotFound, error.Kind);
        File.WriteAllText(_path, new string('x', 100));
        Assert.False(TemplateFile.TryLoad(_path, rig.Collector, out error));
        Assert.Equal(TemplateFileErrorKind.NotATemplateFile, error.Kind);
        Saved();
        var octets = File.ReadAllBytes(_path);
        octets[30] ^= 1;
        File.WriteAllBytes(_path, octets);
        Assert.False(TemplateFile.TryLoad(_path, rig.Collector, out error));
        Assert.Equal(TemplateFileErrorKind.Corrupt, error.Kind);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal((0, 0), (rig.Collector.DomainCount, rig.Collector.TemplateCount));
    }

    [Fact]
    public void Any_body_is_read_to_domains_or_to_nothing()
    {
        Saved();
        var body = File.ReadAllBytes(_path)[8..^32];
        Gen.Select(Gen.Int[0, body.Length], Gen.Select(Gen.Int[0, body.Length - 1], Gen.Byte).Array[0, 6]).Sample(
            (length, changes) =>
            {
                var octets = body[..length];
                foreach (var (where, what) in changes.Where(change => change.Item1 < length))
                    octets[where] = what;
                if (TemplateFileReader.TryRead(octets, out var domains))
                    domains.ForEach(domain => domain.Restore(new CollectorRig().Collector));
            },
            iter: 3_000);
    }
}
