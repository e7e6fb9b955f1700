using EdgeSensors.Metering.Capture.Live;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>The interfaces: which there are, which can be captured, and what their offloads do to a meter.</summary>
/// <param name="interfaces">Those of this network namespace.</param>
/// <param name="captured">The one that is to be captured; null when none is known.</param>
internal sealed class InterfaceCheck(IReadOnlyList<LiveInterface> interfaces, string? captured) : ICheck
{
    private const string Area = "Interfaces";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var findings = interfaces.Select(Describe).ToList();
        if (captured is not null && interfaces.All(found => found.Name != captured))
        {
            findings.Add(new Finding(Area, captured, Verdict.Fail, "is configured as input and does not exist", "name one of those above as the input's interface"));
        }
        else if (interfaces.All(found => found.Name == "lo"))
        {
            findings.Add(new Finding(Area, "network", Verdict.Warn, "there is nothing but the loopback interface", "see that the network card's driver is loaded: ip -brief link"));
        }

        return Task.FromResult<IReadOnlyList<Finding>>(findings);
    }

    private Finding Describe(LiveInterface found)
    {
        var used = found.Name == captured;
        var detail = string.Join(", ", Words(found, used));
        return used switch
        {
            true when !found.CanBeCaptured => new Finding(Area, found.Name, Verdict.Fail, detail, "name an Ethernet, loopback, PPP or tunnel interface as the input"),
            true when !found.IsUp => new Finding(Area, found.Name, Verdict.Fail, detail, $"bring it up: ip link set {found.Name} up (and see that the cable is in)"),
            true when found.JoinsFrames is not null => new Finding(
                Area, found.Name, Verdict.Warn, detail, $"count packets as on the wire: ethtool -K {found.Name} gro off lro off"),
            _ => new Finding(Area, found.Name, Verdict.Ok, detail),
        };
    }

    private static IEnumerable<string> Words(LiveInterface found, bool used)
    {
        yield return found.IsUp ? "up" : "down";
        if (used)
        {
            yield return "the input";
        }

        if (!found.CanBeCaptured)
        {
            yield return "of a kind that is not decoded";
        }

        if (found.JoinsFrames is { } offloads && found.Name != "lo")
        {
            yield return $"{offloads} joins frames: one counted is larger than on the wire";
        }
    }
}
