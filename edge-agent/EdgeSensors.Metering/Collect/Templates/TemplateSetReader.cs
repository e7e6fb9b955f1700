using System.Buffers.Binary;
using EdgeSensors.Metering.Collect.Accounting;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>Reads the template and options template sets of IPFIX (RFC 7011 §3.4.1, §3.4.2) and NetFlow v9 (RFC 3954 §5.2, §6.1).</summary>
internal sealed class TemplateSetReader(CollectorTotals totals, TemplateStore templates, DataSetReader data)
{
    /// <summary>More fields than any exporter sends; a definition beyond it is refused.</summary>
    public const int MaxFields = 512;

    private readonly FieldSpecifier[] _fields = new FieldSpecifier[MaxFields];

    /// <summary>Reads an IPFIX set.</summary>
    /// <param name="isOptions">Set 3, not 2.</param>
    /// <param name="set">The set without its header.</param>
    /// <param name="message">The message it came in.</param>
    /// <param name="released">Data records of this very message that had waited for these templates.</param>
    /// <returns>False when the set contradicts itself; what stood before was taken.</returns>
    public bool ReadIpfix(bool isOptions, ReadOnlySpan<byte> set, in MessageContext message, ref int released)
    {
        while (set.Length >= 4)
        {
            var id = BinaryPrimitives.ReadUInt16BigEndian(set);
            int count = BinaryPrimitives.ReadUInt16BigEndian(set[2..]);
            set = set[4..];
            if (id == 0 && count == 0)
                return true; // padding
            if (count == 0)
            {
                Withdraw(id, in message);
                continue;
            }

            var scopeCount = 0;
            if (isOptions)
            {
                if (set.Length < 2)
                    return false;
                scopeCount = BinaryPrimitives.ReadUInt16BigEndian(set);
                set = set[2..];
            }

            if (!TryReadIpfixFields(ref set, count))
                return false;
            if (count > MaxFields || (isOptions && (scopeCount == 0 || scopeCount > count)))
                totals.InvalidTemplateCount++;
            else
                released += Learn(RecordTemplate.Create(id, isOptions, scopeCount, _fields.AsSpan(0, count)), in message);
        }

        return true;
    }

    /// <summary>Reads the template flow set (id 0) of NetFlow v9.</summary>
    public bool ReadNetFlow9(ReadOnlySpan<byte> set, in MessageContext message, ref int released)
    {
        while (set.Length >= 4)
        {
            var id = BinaryPrimitives.ReadUInt16BigEndian(set);
            int count = BinaryPrimitives.ReadUInt16BigEndian(set[2..]);
            if (id == 0 && count == 0)
                return true; // padding
            set = set[4..];
            if (count * 4 > set.Length)
                return false;
            if (count > MaxFields)
            {
                totals.InvalidTemplateCount++;
            }
            else
            {
                for (var index = 0; index < count; index++)
                    _fields[index] = NetFlow9Field(set[(4 * index)..], 0);
                released += Learn(RecordTemplate.Create(id, isOptions: false, 0, _fields.AsSpan(0, count)), in message);
            }

            set = set[(4 * count)..];
        }

        return true;
    }

    /// <summary>Reads the options template flow set (id 1) of NetFlow v9, which counts octets and not fields.</summary>
    public bool ReadNetFlow9Options(ReadOnlySpan<byte> set, in MessageContext message, ref int released)
    {
        while (set.Length >= 6)
        {
            var id = BinaryPrimitives.ReadUInt16BigEndian(set);
            int scopeLength = BinaryPrimitives.ReadUInt16BigEndian(set[2..]);
            int optionLength = BinaryPrimitives.ReadUInt16BigEndian(set[4..]);
            if (id == 0 && scopeLength == 0 && optionLength == 0)
                return true; // padding
            set = set[6..];
            if (scopeLength % 4 != 0 || optionLength % 4 != 0 || scopeLength + optionLength > set.Length)
                return false;
            var count = (scopeLength + optionLength) / 4;
            if (count > MaxFields)
            {
                totals.InvalidTemplateCount++;
            }
            else
            {
                for (var index = 0; index < count; index++)
                    _fields[index] = NetFlow9Field(set[(4 * index)..], index < scopeLength / 4 ? FieldSpecifier.NetFlow9Scope : 0);
                released += Learn(RecordTemplate.Create(id, isOptions: true, scopeLength / 4, _fields.AsSpan(0, count)), in message);
            }

            set = set[(4 * count)..];
        }

        return true;
    }

    private static FieldSpecifier NetFlow9Field(ReadOnlySpan<byte> octets, uint enterprise) =>
        new(enterprise, BinaryPrimitives.ReadUInt16BigEndian(octets), BinaryPrimitives.ReadUInt16BigEndian(octets[2..]));

    private bool TryReadIpfixFields(ref ReadOnlySpan<byte> set, int count)
    {
        for (var index = 0; index < count; index++)
        {
            if (set.Length < 4)
                return false;
            var id = BinaryPrimitives.ReadUInt16BigEndian(set);
            var length = BinaryPrimitives.ReadUInt16BigEndian(set[2..]);
            set = set[4..];
            var enterprise = 0u;
            if ((id & 0x8000) != 0)
            {
                if (set.Length < 4)
                    return false;
                enterprise = BinaryPrimitives.ReadUInt32BigEndian(set);
                set = set[4..];
            }

            if (index < MaxFields)
                _fields[index] = new FieldSpecifier(enterprise, (ushort)(id & 0x7FFF), length);
        }

        return true;
    }

    private int Learn(RecordTemplate? template, in MessageContext message)
    {
        if (template is null)
        {
            totals.InvalidTemplateCount++;
            return 0;
        }

        return data.Release(templates.Put(message.Domain, template, message.ReceivedNs), in message);
    }

    private void Withdraw(ushort id, in MessageContext message)
    {
        if (!message.IsStream)
            totals.IgnoredWithdrawalCount++;
        else if (id is 2 or 3)
            templates.WithdrawAll(message.Domain, options: id == 3);
        else
            templates.Withdraw(message.Domain, id);
    }
}
