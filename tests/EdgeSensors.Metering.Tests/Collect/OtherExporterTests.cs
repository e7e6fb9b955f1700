using EdgeSensors.Metering.Collect;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>
/// Messages of named exporters that came without a truth file: what is read out of each is pinned, so that a change shows. The files of one exporter are given with
/// templates first. Where records wait for ever, their template is in none of the files. The values of the fields are compared in TsharkExportTests.
/// </summary>
public sealed class OtherExporterTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_exporter_of_the_folder_is_read()
    {
        var lines = new List<string>();
        foreach (var (name, paths) in Groups("akvorado", "logstash-codec-netflow"))
        {
            var rig = new CollectorRig();
            var statuses = paths.SelectMany(path => ExportReplay.Into(rig.Collector, path)).ToList();
            var bad = string.Concat(statuses.Where(status => status != CollectStatus.Ok).Select(status => " " + status));
            lines.Add($"{name}: flows {rig.Totals.FlowCount}, options {rig.Totals.OptionsRecordCount}, waiting {rig.Totals.HeldSetCount - rig.Totals.ReleasedSetCount}{bad}, "
                + $"sampling {(rig.Flows.Count == 0 ? "of no flow" : string.Join('/', rig.Flows.Select(flow => flow.Sampling.ToString()).Distinct()))}");
        }

        output.WriteLine(string.Join('\n', lines));
        Assert.Equal(Pinned.Trim().ReplaceLineEndings("\n"), string.Join('\n', lines));
    }

    /// <summary>The files of one exporter together, templates first.</summary>
    public static IEnumerable<(string Name, List<string> Paths)> Groups(params IEnumerable<string> folders) =>
        from folder in folders
        from path in Directory.EnumerateFiles(Path.Combine(ExportReplay.Folder, folder))
        group path by Exporter(Path.GetFileNameWithoutExtension(path)) into files
        orderby files.Key
        select (files.Key, files.OrderBy(IsTemplate).ThenBy(path => path, StringComparer.Ordinal).ToList());

    private static int IsTemplate(string path) => path.Contains("tpl", StringComparison.Ordinal) || path.Contains("template", StringComparison.Ordinal) ? 0 : 1;

    private static string Exporter(string name)
    {
        foreach (var end in new[] { "_tpls", "_tpl", "_opttpl", "_data", "-template", "-data" })
        {
            if (name.IndexOf(end, StringComparison.Ordinal) is > 0 and var at)
                name = name[..at];
        }

        return name;
    }

    private const string Pinned = """
        ipfix: flows 12, options 1, waiting 0, sampling 1:1
        ipfix_test_mikrotik: flows 46, options 0, waiting 0, sampling unknown
        ipfix_test_netscaler: flows 3, options 0, waiting 1, sampling unknown
        ipfix_test_nokia_bras: flows 1, options 0, waiting 0, sampling unknown
        ipfix_test_vmware_vds: flows 5, options 0, waiting 0, sampling unknown
        ipfix_test_yaf: flows 2, options 1, waiting 0, sampling unknown
        netflow5: flows 2, options 0, waiting 0, sampling unknown
        netflow5_test_invalid02: flows 30, options 0, waiting 0 Truncated, sampling unknown
        netflow5_test_juniper_mx80: flows 29, options 0, waiting 0, sampling 1:1000
        netflow5_test_microtik: flows 30, options 0, waiting 0, sampling unknown
        netflow9_test_0length_fields: flows 10, options 0, waiting 0, sampling unknown
        netflow9_test_cisco_1941K9: flows 29, options 0, waiting 0, sampling unknown
        netflow9_test_cisco_asa_1: flows 14, options 0, waiting 0, sampling unknown
        netflow9_test_cisco_asr9k: flows 21, options 19, waiting 0, sampling unknown
        netflow9_test_cisco_nbar: flows 5, options 15, waiting 0, sampling unknown
        netflow9_test_cisco_wlc: flows 19, options 0, waiting 0, sampling unknown
        netflow9_test_field_layer2segmentid: flows 1, options 0, waiting 0, sampling unknown
        netflow9_test_fortigate_fortios_542_appid: flows 17, options 0, waiting 0, sampling unknown
        netflow9_test_h3c: flows 16, options 0, waiting 0, sampling unknown
        netflow9_test_h3c_netstream_varstring: flows 1, options 0, waiting 0, sampling unknown
        netflow9_test_iptnetflow_reduced_size_encoding: flows 12, options 0, waiting 6, sampling unknown
        netflow9_test_juniper_srx: flows 0, options 1, waiting 0, sampling of no flow
        netflow9_test_macaddr: flows 29, options 1, waiting 0, sampling unknown
        netflow9_test_nprobe_dpi: flows 1, options 0, waiting 0, sampling unknown
        netflow9_test_paloalto_81: flows 1, options 0, waiting 0, sampling unknown
        netflow9_test_paloalto_panos: flows 8, options 0, waiting 0, sampling unknown
        netflow9_test_ubnt_edgerouter: flows 16, options 0, waiting 0, sampling unknown
        netflow9_test_unknown: flows 2, options 0, waiting 0, sampling unknown
        netflow__testdata_: flows 1, options 0, waiting 0, sampling unknown
        netflow__testdata__icmp: flows 4, options 0, waiting 0, sampling unknown
        netflow__testdata__ipfix-srv6: flows 1, options 0, waiting 0, sampling unknown
        netflow__testdata__juniper-cpid: flows 1, options 0, waiting 0, sampling unknown
        netflow__testdata__mpls: flows 2, options 1, waiting 0, sampling 1:10
        netflow__testdata__nfv5: flows 29, options 0, waiting 0, sampling unknown
        netflow__testdata__samplingrate: flows 6, options 0, waiting 0, sampling 1:2048
        netflow__testdata__template: flows 0, options 0, waiting 0, sampling of no flow
        sflow__testdata_: flows 10, options 0, waiting 0, sampling 1:1024/1:1
        """;
}
