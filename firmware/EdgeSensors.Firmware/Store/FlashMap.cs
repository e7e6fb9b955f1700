using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Store;

/// <summary>Where on the flash chip everything lies. A slot is two halves of equal size: one is in force, the other takes the next version.</summary>
internal static class FlashMap
{
    /// <summary>The least capacity that a chip must have: 8 MiB.</summary>
    public const int LeastCapacity = 8 * 1024 * 1024;

    /// <summary>Sectors that the state is logged in.</summary>
    public const int StateSectors = 4;

    /// <summary>Where the state is.</summary>
    public const int State = 0;

    /// <summary>Where the enrolment is: see <see cref="IdentitySize"/>.</summary>
    public const int Identity = 32 * 1024;

    /// <summary>The most octets of an enrolment.</summary>
    public const int IdentitySize = 32 * 1024;

    /// <summary>The most octets of a metadata file, and so of the buffer that it is read in.</summary>
    public const int MostMetadata = 256 * 1024;

    /// <summary>The most octets of the authorisation.</summary>
    public const int MostDocument = 16 * 1024;

    /// <summary>The most octets of a blocklist.</summary>
    public const int MostBlocklist = 1024 * 1024;

    /// <summary>The most octets of a delta that is fetched; beyond it the snapshot is.</summary>
    public const int MostDelta = 256 * 1024;

    /// <summary>Slots: root, timestamp, snapshot, targets, two delegated roles, authorisation, blocklist, the timestamp's proof.</summary>
    public const int Slots = 9;

    /// <summary>The slot of the authorisation.</summary>
    public const int AuthorizationSlot = 6;

    /// <summary>The slot of the blocklist.</summary>
    public const int BlocklistSlot = 7;

    /// <summary>The slot of the proof that the timestamp was logged and witnessed.</summary>
    public const int ProofSlot = 8;

    /// <summary>Octets of the ring of alerts and receipts.</summary>
    public const int VitalSize = 256 * 1024;

    private const int FirstSlot = 64 * 1024;

    /// <summary>Octets of a half of a slot.</summary>
    public static int HalfSize(int slot)
    {
        if (slot == BlocklistSlot)
        {
            return MostBlocklist;
        }

        if (slot >= Slots)
        {
            return 0;
        }

        return slot < 2 || slot == AuthorizationSlot || slot == ProofSlot ? MostDocument : MostMetadata;
    }

    /// <summary>Where a half of a slot begins.</summary>
    public static int AddressOf(int slot, int half)
    {
        int at = FirstSlot;
        for (int i = 0; i < slot; i++)
        {
            at += 2 * HalfSize(i);
        }

        return at + half * HalfSize(slot);
    }

    /// <summary>Where the ring of alerts and receipts begins.</summary>
    public static int Vital => AddressOf(Slots, 0);

    /// <summary>Where the ring of reports begins; it has the rest of the chip.</summary>
    public static int Reports => Vital + VitalSize;

    /// <summary>Octets of the ring of reports.</summary>
    public static int ReportsSize(IFlash flash)
    {
        return flash.Capacity - Reports;
    }
}
