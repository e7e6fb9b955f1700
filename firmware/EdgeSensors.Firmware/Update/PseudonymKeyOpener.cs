using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Sealing;
using EdgeSensors.Firmware.Select;

namespace EdgeSensors.Firmware.Update;

/// <summary>Opens the pseudonym key of an authorisation, in place, a slice a step: sealed to this tap, and bound to the authorisation that brings it.</summary>
internal sealed class PseudonymKeyOpener
{
    private const string Info = "EdgeSensors pseudonym key v1";

    private readonly TapIdentity _identity;
    private readonly HpkeOpener _opener;
    private readonly byte[] _binding = new byte[2 * 63 + 2 + 64];
    private int _bindingLength;
    private bool _hasAgreed;

    /// <summary>An opener for one tap.</summary>
    public PseudonymKeyOpener(TapIdentity identity)
    {
        _identity = identity;
        _opener = new HpkeOpener(identity.SealingKey);
    }

    /// <summary>Begins.</summary>
    public void Begin(AuthorizationReader authorization)
    {
        _opener.Begin(authorization.Encapsulated);
        _hasAgreed = false;
    }

    /// <summary>A slice. True when it is done; <paramref name="good"/> is false if it cannot be opened.</summary>
    public bool Step(AuthorizationReader authorization, out bool good)
    {
        good = false;
        if (_hasAgreed)
        {
            return _opener.StepOpen(Info, _binding, _bindingLength, authorization.Sealed, Pseudonymizer.KeySize, out good);
        }

        if (_opener.StepAgree())
        {
            _hasAgreed = true;
            string binding = _identity.Operator + "/" + _identity.Sensor + "/" + authorization.Id;
            _bindingLength = binding.Length;
            for (int i = 0; i < binding.Length; i++)
            {
                _binding[i] = (byte)binding[i];
            }
        }

        return false;
    }
}
