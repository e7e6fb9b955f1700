using EdgeSensors.FieldTest.Programs;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>
/// Stands for the person who decides where the policy must not: about a source that may be forged. It reads what any operator reads (the hub's findings, never the
/// capture) and works with the commands that any operator has.
/// </summary>
internal sealed class ScriptedOperator(HubSide hub, TimeProvider time)
{
    /// <summary>What the timeline calls it.</summary>
    public const string Title = "operator (scripted)";

    // More unproven sources at a time than this look like forged ones: to block them would let the attacker choose whom we cut off.
    private const int MostUnprovenSources = 4;

    // An operator looks twice: a finding is left to the policy and to grow for this long.
    private static readonly TimeSpan Consideration = TimeSpan.FromMilliseconds(300);

    private readonly HashSet<string> _handled = [];

    /// <summary>Looks at the findings and acts; gives what it did, in words.</summary>
    public async Task<IReadOnlyList<string>> ActAsync(HubState state, CancellationToken stop)
    {
        var did = new List<string>();
        var open = state.Mitigations.Where(m => m.State == "proposed").ToList();
        foreach (var proposal in open.Where(m => _handled.Add(m.Id)))
        {
            await hub.CommandAsync(["mitigation", "approve", proposal.Id, "--reason", "field test: within the grant"], stop).ConfigureAwait(false);
            did.Add($"{Title} approves the policy's proposal to block {proposal.Target}");
        }

        var decided = state.Mitigations.Select(m => m.Target).ToHashSet();
        var unproven = state.Incidents.Where(i => i.NamesSource && !i.SourceProven && !decided.Contains(i.Indicator)).ToList();
        if (unproven.Select(i => i.Indicator).Distinct().Count() > MostUnprovenSources)
        {
            return did;
        }

        foreach (var incident in unproven.Where(i => time.GetUtcNow() - i.ReceivedAt > Consideration && _handled.Add(i.Indicator)))
        {
            var words = $"field test: {incident.Detector} by one source; it may be forged, and nobody else would gain by it";
            var proposed = await hub.CommandAsync(["mitigation", "propose", incident.Indicator, "--reason", words, "--minutes", "10"], stop).ConfigureAwait(false);
            if (proposed.ExitCode != 0)
            {
                did.Add($"{Title} could not propose to block {incident.Indicator}: {proposed.LastWords}");
                continue;
            }

            did.Add($"{Title} proposes to block {incident.Indicator} (its address is not proven, so the policy may not)");
        }

        return did;
    }
}

/// <summary>What a command said.</summary>
/// <param name="ExitCode">0 when it did what it was asked.</param>
/// <param name="Output">All of its output.</param>
/// <param name="LastWords">Its error line.</param>
internal sealed record CommandResult(int ExitCode, string Output, string LastWords);
