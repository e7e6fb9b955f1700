using System.Buffers;
using System.Text.Json;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>One <c>nft -j -f -</c> input (libnftables-json(5)): all of it is put into force, or nothing.</summary>
internal sealed class NftTransaction : IDisposable
{
    private const int ElementsInACommand = 1000;

    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;

    private readonly string _tableName;

    /// <summary>Begins one.</summary>
    /// <param name="tableName">The table that it changes.</param>
    public NftTransaction(string tableName)
    {
        _tableName = tableName;
        _json = new Utf8JsonWriter(_buffer);
        _json.WriteStartObject();
        _json.WriteStartArray("nftables");
    }

    /// <summary>Whether nothing was added.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>The input.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.Flush();
        return _buffer.WrittenMemory;
    }

    /// <summary>Takes away whatever table of the name is there (adding first: deleting what is not there would fail) and builds the chains.</summary>
    public void BuildTable()
    {
        Table("add");
        Table("delete");
        Table("add");
        BaseChain(NftLayout.Arrive, "prerouting");
        BaseChain(NftLayout.Depart, "output");
        foreach (var egress in (bool[])[false, true])
        {
            Chain(NftSet.Chain(egress));
            foreach (var step in NftLayout.Steps)
            {
                Chain(NftLayout.StepChain(step, egress));
                JumpRule(NftSet.Chain(egress), NftLayout.StepChain(step, egress), $"{NftSet.Chain(egress)} {NftLayout.Word(step)}");
            }
        }

        LoopbackRule(NftLayout.Arrive, "iifname");
        LoopbackRule(NftLayout.Depart, "oifname");
        JumpRule(NftLayout.Arrive, "ingress", "arrive ingress");
        JumpRule(NftLayout.Arrive, "egress", "arrive egress");
        JumpRule(NftLayout.Depart, "egress", "depart egress");
    }

    /// <summary>Adds a set and, unless it is the counting half of a limit, the rule that looks it up.</summary>
    public void AddSet(NftSet set, int ratePacketsPerSecond)
    {
        Begin("add", "set");
        _json.WriteString("name", set.Name);
        NftKey.WriteType(_json, set);
        if (set.HasTimeout)
        {
            _json.WriteStartArray("flags");
            _json.WriteStringValue("timeout");
            _json.WriteEndArray();
            _json.WriteStartArray("stmt");
            _json.WriteStartObject();
            if (set.Role == NftRole.Limit)
            {
                _json.WriteStartObject("limit");
                _json.WriteNumber("rate", ratePacketsPerSecond);
                _json.WriteString("per", "second");
                _json.WriteNumber("burst", ratePacketsPerSecond);
                _json.WriteBoolean("inv", true);
                _json.WriteEndObject();
            }
            else
            {
                _json.WriteNull("counter");
            }

            _json.WriteEndObject();
            _json.WriteEndArray();
        }

        End();
        if (set.Role != NftRole.Limited)
        {
            LookupRule(set);
        }
    }

    /// <summary>Adds elements; those of rules end when their rule does.</summary>
    /// <param name="set">Where.</param>
    /// <param name="elements">A null tag is an owner's entry, which stays.</param>
    /// <param name="now">From when the remaining time counts.</param>
    public void AddElements(NftSet set, IEnumerable<(PacketMatch Match, NftElementTag? Tag)> elements, UnixMilliseconds now) =>
        Elements("add", set, elements, element =>
        {
            if (element.Tag is not { } tag)
            {
                NftKey.Write(_json, element.Match);
                return;
            }

            _json.WriteStartObject();
            _json.WriteStartObject("elem");
            _json.WritePropertyName("val");
            NftKey.Write(_json, element.Match);

            // Whole seconds only, rounded down: rather a moment early than late.
            _json.WriteNumber("timeout", Math.Max(1, (tag.ExpiresAt.Value - now.Value) / 1000));
            _json.WriteString("comment", tag.ToString());
            _json.WriteEndObject();
            _json.WriteEndObject();
        });

    /// <summary>Takes elements away. Each is added first, which is no change where it stands: one that lapsed a moment ago would otherwise fail the transaction.</summary>
    public void DeleteElements(NftSet set, IReadOnlyCollection<PacketMatch> matches)
    {
        Elements("add", set, matches, match => NftKey.Write(_json, match));
        Elements("delete", set, matches, match => NftKey.Write(_json, match));
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private void Elements<T>(string action, NftSet set, IEnumerable<T> elements, Action<T> write)
    {
        foreach (var chunk in elements.Chunk(ElementsInACommand))
        {
            Begin(action, "element");
            _json.WriteString("name", set.Name);
            _json.WriteStartArray("elem");
            foreach (var element in chunk)
            {
                write(element);
            }

            _json.WriteEndArray();
            End();
        }
    }

    private void LookupRule(NftSet set)
    {
        // The owner's entries go before the jumps to the steps; between themselves the lookups of a chain have no order.
        var allow = set.Role == NftRole.Allow;
        Begin(allow ? "insert" : "add", "rule");
        _json.WriteString("chain", allow ? NftSet.Chain(set.Egress) : NftLayout.StepChain(set.Role, set.Egress));
        _json.WriteString("comment", set.Name);
        _json.WriteStartArray("expr");
        Match(set);
        if (set.Role == NftRole.Limit)
        {
            Match(set with { Role = NftRole.Limited });
        }

        _json.WriteStartObject();
        _json.WriteNull(set.Role switch { NftRole.Allow => "return", NftRole.Observe => "continue", _ => "drop" });
        _json.WriteEndObject();
        _json.WriteEndArray();
        End();
    }

    private void Match(NftSet set)
    {
        _json.WriteStartObject();
        _json.WriteStartObject("match");
        _json.WriteString("op", "==");
        _json.WritePropertyName("left");
        NftKey.WriteFields(_json, set);
        _json.WriteString("right", $"@{set.Name}");
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void LoopbackRule(string chain, string key)
    {
        // What passes the loopback interface came from no network.
        Begin("add", "rule");
        _json.WriteString("chain", chain);
        _json.WriteString("comment", $"{chain} loopback");
        _json.WriteStartArray("expr");
        _json.WriteStartObject();
        _json.WriteStartObject("match");
        _json.WriteString("op", "==");
        _json.WriteStartObject("left");
        _json.WriteStartObject("meta");
        _json.WriteString("key", key);
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.WriteString("right", "lo");
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.WriteStartObject();
        _json.WriteNull("return");
        _json.WriteEndObject();
        _json.WriteEndArray();
        End();
    }

    private void JumpRule(string chain, string target, string comment)
    {
        Begin("add", "rule");
        _json.WriteString("chain", chain);
        _json.WriteString("comment", comment);
        _json.WriteStartArray("expr");
        _json.WriteStartObject();
        _json.WriteStartObject("jump");
        _json.WriteString("target", target);
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.WriteEndArray();
        End();
    }

    private void Table(string action)
    {
        IsEmpty = false;
        _json.WriteStartObject();
        _json.WriteStartObject(action);
        _json.WriteStartObject("table");
        _json.WriteString("family", NftLayout.Family);
        _json.WriteString("name", _tableName);
        End();
    }

    private void Chain(string name)
    {
        Begin("add", "chain");
        _json.WriteString("name", name);
        End();
    }

    private void BaseChain(string name, string hook)
    {
        Begin("add", "chain");
        _json.WriteString("name", name);
        _json.WriteString("type", "filter");
        _json.WriteString("hook", hook);
        _json.WriteNumber("prio", NftLayout.Priority);
        _json.WriteString("policy", "accept");
        End();
    }

    private void Begin(string action, string kind)
    {
        IsEmpty = false;
        _json.WriteStartObject();
        _json.WriteStartObject(action);
        _json.WriteStartObject(kind);
        _json.WriteString("family", NftLayout.Family);
        _json.WriteString("table", _tableName);
    }

    private void End()
    {
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.WriteEndObject();
    }
}
