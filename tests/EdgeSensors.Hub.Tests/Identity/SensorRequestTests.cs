using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Tests.Identity;

/// <summary>A request that comes on a medium is a stranger's until it is read.</summary>
public sealed class SensorRequestTests
{
    private static readonly SensorName Sensor = new(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1"));

    [Fact]
    public void A_request_names_its_sensor_and_the_key_that_signed_it()
    {
        var (pem, text) = SensorRequest.Make(Sensor);
        Assert.True(SensorRequest.TryParse(text, out var request));
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        Assert.Equal((Sensor, Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))), (request.Name, request.KeySha256));
    }

    [Theory]
    [InlineData("CN=isp-a/gw-1")]
    [InlineData("OU=operator, CN=isp-a/gw-1")]
    [InlineData("OU=operator, CN=alice")]
    [InlineData("OU=sensor, CN=alice")]
    [InlineData("OU=sensor, CN=isp-a/gw-1, CN=isp-a/gw-2")]
    [InlineData("OU=sensor, CN=isp-a/gw-1, OU=operator")]
    public void A_request_for_anything_but_one_sensor_is_none(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.False(SensorRequest.TryParse(new CertificateRequest(new X500DistinguishedName(subject), key, HashAlgorithmName.SHA256).CreateSigningRequestPem(), out _));
    }

    [Fact]
    public void A_request_for_a_key_of_another_kind_is_none()
    {
        var subject = CertificateAuthority.Subject(CertificateAuthority.SensorUnit, Sensor.ToString());
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.False(SensorRequest.TryParse(new CertificateRequest(subject, p384, HashAlgorithmName.SHA256).CreateSigningRequestPem(), out _));
        using var rsa = RSA.Create(2048);
        Assert.False(SensorRequest.TryParse(new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem(), out _));
    }

    [Fact]
    public void Every_octet_altered_gives_none_and_nothing_is_thrown()
    {
        var der = Convert.FromBase64String(string.Concat(SensorRequest.Make(Sensor).RequestPem.Split('\n')[1..^1]));
        for (var i = 0; i < der.Length; i++)
        {
            der[i] ^= 1;
            Assert.False(SensorRequest.TryParse(new string(PemEncoding.Write("CERTIFICATE REQUEST", der)), out _), $"octet {i}");
            der[i] ^= 1;
            Assert.False(SensorRequest.TryParse(new string(PemEncoding.Write("CERTIFICATE REQUEST", der.AsSpan(0, i))), out _), $"cut at {i}");
        }

        Assert.False(SensorRequest.TryParse("", out _));
    }
}
