namespace EdgeSensors.Firmware.Trust;

/// <summary>Date and time as TUF writes it, <c>2030-01-31T00:00:00Z</c>, without a calendar's help: the same on every machine.</summary>
internal static class UtcDate
{
    /// <summary>Octets of the text.</summary>
    public const int TextLength = 20;

    private const string Shape = "dddd-dd-ddTdd:dd:ddZ";

    /// <summary>Unix milliseconds; -1 if the text is no such time.</summary>
    public static long Parse(byte[] b, int at, int length)
    {
        if (length != TextLength)
        {
            return -1;
        }

        for (int i = 0; i < TextLength; i++)
        {
            bool digit = b[at + i] >= (byte)'0' && b[at + i] <= (byte)'9';
            if (Shape[i] == 'd' ? !digit : b[at + i] != Shape[i])
            {
                return -1;
            }
        }

        int year = 100 * Two(b, at) + Two(b, at + 2);
        int month = Two(b, at + 5);
        int day = Two(b, at + 8);
        int hour = Two(b, at + 11);
        int minute = Two(b, at + 14);
        int second = Two(b, at + 17);
        if (year < 1970 || month < 1 || month > 12 || day < 1 || day > DaysIn(year, month) || hour > 23 || minute > 59 || second > 59)
        {
            return -1;
        }

        // Days since 1970-01-01, with the year beginning in March so that the leap day is its last.
        int y = month <= 2 ? year - 1 : year;
        int era = y / 400;
        int ofEra = y - 400 * era;
        int ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        long days = 146_097L * era + 365 * ofEra + ofEra / 4 - ofEra / 100 + ofYear - 719_468;
        return 1_000 * (86_400 * days + 3_600 * hour + 60 * minute + second);
    }

    private static int DaysIn(int year, int month)
    {
        if (month == 2)
        {
            return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
        }

        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }

    private static int Two(byte[] b, int at)
    {
        return 10 * (b[at] - (byte)'0') + b[at + 1] - (byte)'0';
    }
}
