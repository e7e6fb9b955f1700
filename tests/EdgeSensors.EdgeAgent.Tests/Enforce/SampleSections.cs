using System.Buffers.Binary;
using EdgeSensors.EdgeAgent.Enforce.Lists;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Tests.Enforce;

/// <summary>Sections of a blocklist, as a sensor enforces them.</summary>
internal static class SampleSections
{
    public static readonly UnixMilliseconds Later = new(UnixMilliseconds.Now(TimeProvider.System).Value + 3_600_000);

    public static EnforcedSection Section(
        string category, IEnumerable<Prefix> prefixes, MitigationStep step = MitigationStep.Drop, SlpfDirection direction = SlpfDirection.Both, UnixMilliseconds? end = null)
    {
        var all = prefixes.Distinct().Order().ToList();
        var key = new SectionKey(DocumentId.Parse(category), all[0].IsIPv4, all[0].Length, end ?? Later);
        Assert.All(all, prefix => Assert.Equal((key.IsIPv4, key.PrefixLength), (prefix.IsIPv4, prefix.Length)));
        var octets = all.Select(prefix => Octets(prefix)).ToList();
        return new EnforcedSection(
            key, key.IsIPv4 ? octets.Select(o => BinaryPrimitives.ReadUInt32BigEndian(o)).ToArray() : [], key.IsIPv4 ? [] : octets.Select(o => BinaryPrimitives.ReadUInt128BigEndian(o)).ToArray(),
            step, direction, key.NotAfter);
    }

    public static EnforcedSection Section(string category, params string[] prefixes) => Section(category, prefixes.Select(Prefix.Parse));

    private static byte[] Octets(Prefix prefix)
    {
        var octets = new byte[prefix.AddressLength];
        prefix.CopyAddress(octets);
        return octets;
    }
}
