using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>Writes the template file's octets.</summary>
internal static class TemplateFileWriter
{
    public static byte[] Write(IEnumerable<ExporterDomain> domains)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        output.Write(TemplateFile.Magic);
        // NetFlow v5 and sFlow have nothing to keep but their sequence, which a restart of ours interrupts anyway.
        var saved = domains.Where(domain => domain.Templates.Count > 0).Select(SavedDomain.Of).ToList();
        U32(output, (uint)saved.Count);
        foreach (var domain in saved)
            Write(output, domain);
        output.Write(SHA256.HashData(output.WrittenSpan));
        return output.WrittenSpan.ToArray();
    }

    private static void Write(ArrayBufferWriter<byte> output, SavedDomain domain)
    {
        Address(output, domain.Key.Exporter.Address);
        U16(output, domain.Key.Exporter.Port);
        U8(output, (byte)domain.Key.Format);
        U32(output, domain.Key.DomainId);
        Address(output, domain.Key.Agent);
        U8(output, (byte)((domain.ExpectedSequence.HasValue ? 1 : 0) | (domain.UptimeMs.HasValue ? 2 : 0) | (domain.SystemInitNs.HasValue ? 4 : 0)));
        U32(output, domain.ExpectedSequence ?? 0);
        U32(output, domain.UptimeMs ?? 0);
        U64(output, (ulong)domain.NewestExportNs);
        U64(output, (ulong)domain.LastReceivedNs);
        U64(output, (ulong)(domain.SystemInitNs ?? 0));
        U32(output, (uint)domain.Samplers.Count);
        foreach (var ((scope, id), rate) in domain.Samplers)
        {
            U8(output, (byte)scope);
            U64(output, id);
            U64(output, BitConverter.DoubleToUInt64Bits(rate.OneIn));
            U8(output, (byte)rate.Source);
        }

        U32(output, (uint)domain.Templates.Count);
        foreach (var template in domain.Templates)
        {
            U16(output, template.Id);
            U8(output, (byte)(template.IsOptions ? 1 : 0));
            U16(output, (ushort)template.ScopeCount);
            U16(output, (ushort)template.Fields.Length);
            foreach (var field in template.Fields)
            {
                U32(output, field.Enterprise);
                U16(output, field.Id);
                U16(output, field.Length);
            }
        }
    }

    private static void Address(ArrayBufferWriter<byte> output, HostAddress address)
    {
        U64(output, address.High);
        U64(output, address.Low);
    }

    private static void U8(ArrayBufferWriter<byte> output, byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    private static void U16(ArrayBufferWriter<byte> output, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(output.GetSpan(2), value);
        output.Advance(2);
    }

    private static void U32(ArrayBufferWriter<byte> output, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(output.GetSpan(4), value);
        output.Advance(4);
    }

    private static void U64(ArrayBufferWriter<byte> output, ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(output.GetSpan(8), value);
        output.Advance(8);
    }
}
