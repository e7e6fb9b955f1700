using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using FlowEnd = EdgeSensors.Protocol.FlowEnd;
using NamedEnd = EdgeSensors.Trust.Documents.SelectorEnd;

namespace EdgeSensors.EdgeAgent.Select;

/// <summary>
/// What this sensor may select, from verified documents only (walls 2 and 3). Immutable; a change makes a new one. Where nothing is in force there is none, and then only
/// health is reported.
/// </summary>
internal sealed class Authority
{
    private readonly PrefixSet _own;
    private readonly PrefixSet? _domestic;
    private readonly Pseudonymizer? _pseudonyms;

    /// <param name="document">Verified, and for this sensor.</param>
    /// <param name="domestic">The verified table; null when none is. Then a carrier cannot tell what is domestic, and selects nothing.</param>
    /// <param name="pseudonyms">By the authorisation's key; null when it has none or it does not open, and then no flow leaves.</param>
    /// <param name="listed">Verified listed addresses.</param>
    public Authority(CollectionAuthorization document, PrefixSet? domestic, Pseudonymizer? pseudonyms, ListedAddresses? listed)
    {
        Document = document;
        _own = new PrefixSet(document.OwnPrefixes);
        _domestic = domestic;
        _pseudonyms = pseudonyms;
        Listed = listed;
    }

    /// <summary>The authorisation.</summary>
    public CollectionAuthorization Document { get; }

    /// <summary>Its id, as messages quote it.</summary>
    public string Id => Document.Id.Text;

    /// <summary>Addresses whose contact is worth a record.</summary>
    public ListedAddresses? Listed { get; }

    /// <summary>Whether flow records and alerts may leave: level concern or more, and the protected end can be hidden.</summary>
    public bool MayPick => Document.Level != Protocol.CollectionLevel.Broad && _pseudonyms is not null;

    /// <summary>Keys what counts own addresses without naming them.</summary>
    public ulong SketchKey => _pseudonyms?.SketchKey ?? 0;

    /// <summary>Whether two rest on the very same authorisation, word for word.</summary>
    public bool IsSameDocumentAs(Authority other) => Document.ToCanonicalJson().AsSpan().SequenceEqual(other.Document.ToCanonicalJson());

    /// <summary>Which way a flow runs, and what may be done with it.</summary>
    /// <param name="opener">The sender of its first packet.</param>
    /// <param name="other">The receiver.</param>
    public FlowClass Classify(HostAddress opener, HostAddress other)
    {
        var direction = (_own.Contains(opener), _own.Contains(other)) switch
        {
            (false, true) => TrafficDirection.Inbound,
            (true, false) => TrafficDirection.Outbound,
            (false, false) => TrafficDirection.Transit,
            _ => TrafficDirection.Internal,
        };
        var domestic = Document.Network == NetworkKind.Carrier && (_domestic is null || (_domestic.Contains(opener) && _domestic.Contains(other)));
        var granted = Document.Directions.HasFlag(direction switch
        {
            TrafficDirection.Inbound => FlowDirections.Inbound,
            TrafficDirection.Outbound => FlowDirections.Outbound,
            TrafficDirection.Transit => FlowDirections.Transit,
            _ => FlowDirections.Internal,
        });
        return new FlowClass(direction, domestic || !granted ? Scope.TotalOnly : Scope.Selectable, domestic);
    }

    /// <summary>An address as it may leave: the own end, and in transit either, as a pseudonym.</summary>
    /// <param name="address">The address.</param>
    /// <param name="direction">Of its flow.</param>
    /// <param name="named">Whether a selector of the authorisation names this very end.</param>
    public FlowEnd Shown(HostAddress address, TrafficDirection direction, bool named = false)
    {
        var isProtected = direction == TrafficDirection.Transit ? !named : _own.Contains(address);
        return isProtected
            ? FlowEnd.Protected(_pseudonyms!.Of(address))
            : FlowEnd.Clear(Prefix.Of(address.ToIPAddress()));
    }

    /// <summary>The selector that names a flow, at level targeted.</summary>
    public bool TrySelect(in FlowSummary record, out FlowSelector? selector, out bool sourceNamed)
    {
        (selector, sourceNamed) = (null, false);
        foreach (var candidate in Document.Selectors)
        {
            foreach (var source in (ReadOnlySpan<bool>)[true, false])
            {
                var address = source ? record.Source : record.Destination;
                var port = source ? record.SourcePort : record.DestinationPort;
                if (Matches(candidate, address, port))
                {
                    (selector, sourceNamed) = (candidate, source);
                    return true;
                }
            }
        }

        return false;
    }

    private bool Matches(FlowSelector selector, HostAddress address, ushort port)
    {
        var own = _own.Contains(address);
        if ((selector.End == NamedEnd.Own && !own) || (selector.End == NamedEnd.Other && own) || (selector.Port is { } asked && asked != port))
        {
            return false;
        }

        Span<byte> octets = stackalloc byte[16];
        return selector.Prefix is not { } prefix || prefix.Contains(octets[..address.WriteOctets(octets)]);
    }
}
