using CsCheck;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Decide;

/// <summary>
/// Any order of drafts, approvals, receipts, complaints, stops and time, with the process killed between any two steps and in the middle of any of them: nothing is ever signed that the
/// grant, the approvals, the stages, the bounds and the holds do not allow, and no step is half done.
/// </summary>
public sealed class LifePropertyTests
{
    private static readonly string[] Targets = ["203.0.113.7", "203.0.113.8", "203.0.113.0/24", "203.0.113.128/25", "203.0.112.0/23", "udp 203.0.113.7:53 > *"];
    private static readonly string[] Persons = ["alice", "bob", "carol", "mallory"];

    private static readonly long Runs = long.TryParse(Environment.GetEnvironmentVariable("EDGESENSORS_LIVES"), System.Globalization.CultureInfo.InvariantCulture, out var runs) ? runs : 12;

    [Fact]
    public void Whatever_happens_nothing_is_signed_that_is_not_allowed_and_no_step_is_half_done() =>
        Gen.Select(Gen.Int[0, 15], Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, 40]).Array[40, 120].Sample(
            steps =>
            {
                using var life = new Life();
                foreach (var (what, a, b, cut) in steps)
                {
                    life.Step(what, a, b, cut < 10 ? cut : 0);
                }
            },
            iter: Runs, threads: 1);

    private sealed class Life : IDisposable
    {
        private readonly LifeStation _station = new();
        private readonly Dictionary<string, HashSet<string>> _yes = [];
        private readonly Dictionary<string, Mitigation> _ended = [];
        private readonly Dictionary<(string Id, int Stage), UnixMilliseconds> _reached = [];
        private readonly Dictionary<(string Id, SensorName Sensor), (RuleState State, ulong Hits)> _said = [];
        private readonly HashSet<(string Id, SensorName Sensor)> _lied = [];
        private readonly Dictionary<string, HashSet<string>> _complained = [];
        private readonly HashSet<string> _held = [];
        private List<string> _ids = [];

        public void Step(int what, int a, int b, int cutAt)
        {
            if (cutAt > 0)
            {
                CutOff(cutAt, () => Act(what, a, b, note: false));
            }

            Act(what, a, b, note: true);
            _ids = [.. _station.Store.Mitigations(openOnly: false, 1_000).Select(m => m.Id).Order(StringComparer.Ordinal)];
            Judge(_station.Mitigations.Active().Select(m => m.ToRule()).ToList(), published: false);
            EndedStaysEnded();
        }

        public void Dispose() => _station.Dispose();

        // What a transaction wrote before it was cut off is not there, whichever of its writes was the last.
        private void CutOff(int at, Action act)
        {
            var before = Dump();
            _station.CutOffAt(at);
            try
            {
                act();
            }
            catch (CutOffException)
            {
                _station.Crash();
                Assert.Equal(before, Dump());
                return;
            }

            _station.CutOffAt(0);
            Assert.Equal(before, Dump()); // only an act that wrote nothing is not cut off
        }

        private void Act(int what, int a, int b, bool note)
        {
            var mitigations = _station.Mitigations;
            var id = _ids.Count == 0 ? "m-none" : _ids[a % _ids.Count];
            var sensor = LifeStation.Sensors[b % LifeStation.Sensors.Length];
            switch (what)
            {
                case 0 or 1:
                    mitigations.Propose(
                        new Proposal
                        {
                            Target = SlpfTarget.Parse(Targets[a % Targets.Length]),
                            Direction = a % Targets.Length == 5 ? SlpfDirection.Ingress : SlpfDirection.Both,
                            Step = (MitigationStep)(b % 3),
                            Because = b % 5 == 0 ? "" : "it floods",
                            Reason = "test",
                            Duration = TimeSpan.FromMinutes(b % 7 == 0 ? 90 : 20),
                        },
                        Persons[b % Persons.Length]);
                    break;
                case 2 or 3 or 4:
                    var who = b % 6 == 5 ? Approver.Policy : LifeStation.Person(Persons[b % Persons.Length]);
                    var decision = mitigations.Approve(id, who);
                    if (note && decision.Mitigation?.Approvals.Any(yes => yes.By == who) == true)
                    {
                        _yes.TryAdd(id, []);
                        _yes[id].Add(who.Name);
                    }

                    break;
                case 5 or 6 or 7:
                    var (state, reason) = (b % 12) switch { 10 => (RuleState.Refused, "grant-tier"), 11 => (RuleState.Expired, "hit-bound"), _ => (RuleState.Enforced, (string?)null) };
                    var hits = b % 50 == 49 ? ulong.MaxValue : (ulong)(b % 10 == 9 ? 80 : b % 4);
                    var sent = _station.SentTo(id).Contains(sensor);
                    _station.Receive(sensor, id, state, hits, reason);
                    if (note && sent)
                    {
                        _said[(id, sensor)] = (state, hits);
                        _ = hits == ulong.MaxValue && _lied.Add((id, sensor));
                    }

                    break;
                case 8 when _station.Store.FindMitigation(id) is { IsRunning: true } running:
                    foreach (var canary in LifeStation.Sensors.Where(s => running.StageSensors.Any(pattern => pattern.Matches(s.Operator, s.Sensor))))
                    {
                        _station.Receive(canary, id, RuleState.Enforced);
                        if (note)
                        {
                            _said[(id, canary)] = (RuleState.Enforced, 0);
                        }
                    }

                    break;
                case 9 when b < 40:
                    if (mitigations.Complain(id, sensor, "", "it hurts").Mitigation is not null && note)
                    {
                        _complained.TryAdd(id, []);
                        _complained[id].Add(sensor.Operator.Text);
                    }

                    break;
                case 10 when b < 30:
                    mitigations.Revoke(id, "alice", "enough");
                    break;
                case 11 when b < 15:
                    mitigations.StopAll(b % 2 == 0 ? null : LifeStation.Issuer, "bob", "stop");
                    _ = note && _held.Add(b % 2 == 0 ? Hold.Everything : LifeStation.Issuer.Text);
                    break;
                case 12:
                    mitigations.Release(b % 2 == 0 ? null : LifeStation.Issuer, "carol", "go on");
                    _ = note && _held.Remove(b % 2 == 0 ? Hold.Everything : LifeStation.Issuer.Text);
                    break;
                case 13:
                    mitigations.Escalate(id, null, "it goes on", "alice");
                    break;
                case 14:
                    _station.Crash();
                    break;
                default:
                    if (note)
                    {
                        _station.Pass(TimeSpan.FromSeconds(b));
                    }

                    Judge(_station.Publish(), published: true);
                    break;
            }
        }

        private void Judge(IReadOnlyList<MitigationRule> rules, bool published)
        {
            Assert.True(_held.Count == 0 || rules.Count == 0, "Something acts while everything is stopped.");
            foreach (var rule in rules)
            {
                var id = rule.Id.Text;
                var tier = LifeStation.Grant.FindTier(rule.Tier)!;
                Assert.Null(LifeStation.Grant.Check(rule, _station.Now));
                Assert.True(_yes.GetValueOrDefault(id)?.Count(who => who != Mitigations.PolicyName) >= tier.Approvals, $"{id} acts with too few approvals.");
                Assert.DoesNotContain("mallory", tier.Approvers.Count > 0 ? _yes[id] : []);
                Assert.True(rule.Step == MitigationStep.Observe || rule.Because.Length > 0);
                if (!published)
                {
                    continue;
                }

                Assert.True(_complained.GetValueOrDefault(id, []).Count < tier.Bounds.Complaints, $"{id} acts against complaints.");
                // What cannot be is not believed, nor its sensor from then on; at the fleet no sensor counts for more than all others.
                var said = _said.Where(pair => pair.Key.Id == id && !_lied.Contains(pair.Key)).Select(pair => (decimal)pair.Value.Hits).Order().ToList();
                var others = said.SkipLast(1).Sum();
                var counted = others + (rule.Stage < tier.Stages.Count ? said.LastOrDefault() : Math.Min(others, said.LastOrDefault()));
                Assert.True(counted <= tier.Bounds.Hits!.Value.Floor, $"{id} acts beyond its bound of hits.");
                StageIsEarned(rule, tier);
            }
        }

        private void StageIsEarned(MitigationRule rule, GrantTier tier)
        {
            var id = rule.Id.Text;
            if (!_reached.TryAdd((id, rule.Stage), _station.Now) || rule.Stage == 0)
            {
                return;
            }

            var before = tier.Stages[rule.Stage - 1];
            Assert.True(_reached.TryGetValue((id, rule.Stage - 1), out var began), $"{id} left a stage out.");
            Assert.True((_station.Now - began).TotalMilliseconds >= before.SoakMs, $"{id} went on before it had soaked.");
            Assert.False(_complained.ContainsKey(id), $"{id} went on against a complaint.");
        }

        private void EndedStaysEnded()
        {
            foreach (var mitigation in _station.Store.Mitigations(openOnly: false, 1_000).Where(m => !m.IsOpen))
            {
                if (!_ended.TryAdd(mitigation.Id, mitigation))
                {
                    Assert.Equal((_ended[mitigation.Id].State, _ended[mitigation.Id].EndedAt), (mitigation.State, mitigation.EndedAt));
                }
            }
        }

        private string Dump() => string.Join('\n',
        [
            .. _station.Store.Mitigations(openOnly: false, 1_000).OrderBy(m => m.Id, StringComparer.Ordinal).Select(m =>
                $"{m.Id} {m.Target} {m.Step} {m.State} {m.Stage} {string.Join(' ', m.StageSensors)} {m.StageAt} {m.StagePublishedAt} {m.ApprovedAt} {m.EndedAt} "
                + $"{string.Join(' ', m.Approvals.Select(yes => yes.By.Name))} {string.Join(' ', m.Complaints.Select(c => c.By))} {string.Join(' ', m.Receipts.Select(r => $"{r.Sensor} {r.State} {r.HitPackets}"))}"),
            .. _station.Store.Holds().Select(hold => hold.ToString()),
            .. _station.Store.AuditAfter(0, 10_000).Select(entry => entry.ToString()),
        ]);
    }
}
