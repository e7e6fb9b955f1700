using System.Buffers.Binary;
using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Export;

/// <content>Templates and options.</content>
public sealed partial class IpfixExporter
{
    private const ushort TemplateSetId = 2;
    private const ushort OptionsTemplateSetId = 3;
    private const ushort EnterpriseBit = 0x8000;

    /// <summary>selectorAlgorithm "systematic count-based sampling"; an interval of 1 with a space of 0 takes every packet (RFC 5477 §8.2).</summary>
    private const ushort SystematicCountBased = 1;

    /// <summary>Options of domain 0 are about the exporting process as a whole (RFC 7011 §3.1).</summary>
    private const uint ProcessDomain = 0;

    private bool IsAnnouncementDue() => _announceDue
        || (_transport.IsLossy && (_messagesSince >= _options.TemplateMessages || _clock.GetElapsedTime(_announcedAt) >= _options.TemplateInterval));

    /// <summary>Sends options in messages of their own, and begins the next with every template that was ever used, where they can have been lost.</summary>
    private void Announce()
    {
        _announceDue = false; // what does not leave from here on makes it due again
        _announcedAt = _clock.GetTimestamp();
        _messagesSince = 0;
        SendStatistics();
        if (_selectionDue || (_transport.IsLossy && _clock.GetElapsedTime(_selectionAt) >= _options.SelectionInterval))
            SendSelection();
        for (var shape = 0; _transport.IsLossy && shape < _announced.Length; shape++)
        {
            if (_announced[shape])
                AddTemplate(FlowTemplate.All[shape]);
        }
    }

    private void SendStatistics()
    {
        AddCounts(OptionsTemplate.Statistics, _options.ObservationDomainId, Totals.MessageCount, Totals.FlowRecordCount, Totals.OctetCount);
        AddCounts(OptionsTemplate.Reliability, (uint)Environment.ProcessId, Totals.NotSentFlowCount, Totals.NotSentPacketCount, Totals.NotSentOctetCount);
        if (TrySend(ProcessDomain, _processSequence))
            _processSequence += 2;
    }

    private void SendSelection()
    {
        (_selectionDue, _selectionAt) = (false, _clock.GetTimestamp());
        var record = AddOptions(OptionsTemplate.Selection);
        BinaryPrimitives.WriteUInt32BigEndian(record, _options.ObservationDomainId);
        BinaryPrimitives.WriteUInt16BigEndian(record[4..], SystematicCountBased);
        BinaryPrimitives.WriteUInt32BigEndian(record[6..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(record[10..], 0);
        _content.OptionsCount++;
        Send();
    }

    private void AddTemplate(FlowTemplate template)
    {
        var record = Add(TemplateSetId, 4 + FieldsLength(template.Fields));
        BinaryPrimitives.WriteUInt16BigEndian(record, template.Id);
        BinaryPrimitives.WriteUInt16BigEndian(record[2..], (ushort)template.Fields.Count);
        WriteFields(template.Fields, record[4..]);
        _announced[(int)template.Shape] = true;
    }

    private void AddCounts(OptionsTemplate template, uint scope, long first, long second, long third)
    {
        var record = AddOptions(template);
        BinaryPrimitives.WriteUInt32BigEndian(record, scope);
        BinaryPrimitives.WriteInt64BigEndian(record[4..], first);
        BinaryPrimitives.WriteInt64BigEndian(record[12..], second);
        BinaryPrimitives.WriteInt64BigEndian(record[20..], third);
    }

    /// <summary>A record of an options template, behind the template where it is needed. The message in hand is empty but for others of these, so there is room.</summary>
    private Span<byte> AddOptions(OptionsTemplate template)
    {
        if (_optionsAnnounced.Add(template.Id) || _transport.IsLossy)
        {
            var definition = Add(OptionsTemplateSetId, 6 + FieldsLength(template.Fields));
            BinaryPrimitives.WriteUInt16BigEndian(definition, template.Id);
            BinaryPrimitives.WriteUInt16BigEndian(definition[2..], (ushort)template.Fields.Count);
            BinaryPrimitives.WriteUInt16BigEndian(definition[4..], 1);
            WriteFields(template.Fields, definition[6..]);
            _message.CloseSet(); // nfacctd reads one options template a set
        }

        return Add(template.Id, template.RecordLength);
    }

    private Span<byte> Add(ushort setId, int length)
    {
        Span<byte> record;
        while (!_message.TryAdd(setId, length, out record))
            Send();
        return record;
    }

    private static int FieldsLength(IReadOnlyList<FieldSpecifier> fields) => fields.Sum(field => field.Enterprise == 0 ? 4 : 8);

    private static void WriteFields(IReadOnlyList<FieldSpecifier> fields, Span<byte> octets)
    {
        foreach (var field in fields)
        {
            BinaryPrimitives.WriteUInt16BigEndian(octets, field.Enterprise == 0 ? field.Id : (ushort)(field.Id | EnterpriseBit));
            BinaryPrimitives.WriteUInt16BigEndian(octets[2..], field.Length);
            octets = octets[4..];
            if (field.Enterprise == 0)
                continue;
            BinaryPrimitives.WriteUInt32BigEndian(octets, field.Enterprise);
            octets = octets[4..];
        }
    }
}
