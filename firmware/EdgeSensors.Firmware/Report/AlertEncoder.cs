using EdgeSensors.Firmware.Select;

namespace EdgeSensors.Firmware.Report;

/// <summary>Writes a finding at once (rule <c>alert</c> of the CDDL); an own address only as its pseudonym.</summary>
internal sealed class AlertEncoder
{
    private readonly Pseudonymizer _pseudonymizer;
    private readonly byte[] _octets = new byte[16];

    /// <summary>An encoder that hides own addresses.</summary>
    public AlertEncoder(Pseudonymizer pseudonymizer)
    {
        _pseudonymizer = pseudonymizer;
    }

    /// <summary>Writes the message. False when it found no room.</summary>
    public bool Write(CborWriter w, MessageHeader header, long nowMs, string authorizationId, Finding finding)
    {
        w.Reset();
        w.BeginMap();
        w.Field(Keys.ObservationTime, (ulong)nowMs);
        header.Write(w);
        w.Field(Keys.AuthorizationId, authorizationId);
        w.Field(Keys.Direction, (ulong)finding.Direction);
        w.Field(Keys.Event, finding.Event);
        w.Field(Keys.Detector, (ulong)finding.Detector);
        w.Field(Keys.Technique, finding.Technique);
        if (finding.IsOwn)
        {
            _pseudonymizer.Write(finding.High, finding.Low, _octets);
            w.Key(Keys.IndicatorPseudonym);
            w.Bytes(_octets, 0, Pseudonymizer.Size);
        }
        else
        {
            w.Key(Keys.IndicatorAddress);
            w.Bytes(_octets, 0, AddressOctets.Write(finding.High, finding.Low, _octets));
        }

        w.Field(Keys.Confidence, (ulong)finding.Confidence);
        w.Key(Keys.Evidence);
        w.BeginMap();
        w.Count(Keys.Octets, finding.Octets);
        w.Count(Keys.Packets, finding.Packets);
        w.Field(Keys.Start, (ulong)finding.FirstMs);
        w.Field(Keys.End, (ulong)finding.LastMs);
        w.Count(Keys.Attempts, finding.Attempts);
        w.Count(Keys.FailedAttempts, finding.FailedAttempts);
        w.Count(Keys.DistinctAddresses, finding.Addresses);
        w.Count(Keys.DistinctPorts, finding.Ports);
        w.Count(Keys.PeakPacketsPerSecond, finding.PeakPacketsPerSecond);
        if (finding.Sampled)
        {
            w.Key(Keys.Sampled);
            w.True();
        }

        w.EndMap();
        w.EndMap();
        return !w.Overflowed;
    }
}
