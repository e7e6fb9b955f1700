using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Identity;

/// <summary>Whom a client certificate names: a sensor (OU=sensor, CN=operator/sensor), a person (OU=operator, CN=the name), an overseer (OU=overseer) or a partner (OU=partner).</summary>
internal abstract record ClientIdentity
{
    internal const string CommonName = "2.5.4.3";
    private const string OrganizationalUnit = "2.5.4.11";

    private ClientIdentity()
    {
    }

    /// <summary>Unit and name, as the certificate's subject has them.</summary>
    public abstract (string Unit, string Name) Subject { get; }

    public sealed record Sensor(SensorName Name) : ClientIdentity
    {
        public override (string Unit, string Name) Subject => (CertificateAuthority.SensorUnit, Name.ToString());
    }

    public sealed record Person(OperatorId Name) : ClientIdentity
    {
        public override (string Unit, string Name) Subject => (CertificateAuthority.OperatorUnit, Name.Text);
    }

    public sealed record Overseer(OperatorId Name) : ClientIdentity
    {
        public override (string Unit, string Name) Subject => (CertificateAuthority.OverseerUnit, Name.Text);
    }

    /// <summary>Somebody else's system that may ask for mitigations by OpenC2, and for nothing else.</summary>
    public sealed record Partner(OperatorId Name) : ClientIdentity
    {
        public override (string Unit, string Name) Subject => (CertificateAuthority.PartnerUnit, Name.Text);
    }

    /// <summary>Reads the subject of a certificate that is already known to be ours; false when it names none.</summary>
    public static bool TryRead(X509Certificate2? certificate, [NotNullWhen(true)] out ClientIdentity? identity)
    {
        identity = null;
        string? name = null, unit = null;
        foreach (var part in certificate?.SubjectName.EnumerateRelativeDistinguishedNames() ?? [])
        {
            if (part.HasMultipleElements)
            {
                return false;
            }

            switch (part.GetSingleElementType().Value)
            {
                case CommonName when name is null: name = part.GetSingleElementValue(); break;
                case OrganizationalUnit when unit is null: unit = part.GetSingleElementValue(); break;
                case CommonName or OrganizationalUnit: return false; // one said twice names nobody
                default: break;
            }
        }

        identity = unit switch
        {
            CertificateAuthority.SensorUnit when SensorName.TryParse(name, out var sensor) => new Sensor(sensor),
            CertificateAuthority.OperatorUnit when OperatorId.TryParse(name, out var person) => new Person(person),
            CertificateAuthority.OverseerUnit when OperatorId.TryParse(name, out var overseer) => new Overseer(overseer),
            CertificateAuthority.PartnerUnit when OperatorId.TryParse(name, out var partner) => new Partner(partner),
            _ => null,
        };
        return identity is not null;
    }
}
