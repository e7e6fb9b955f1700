using System;
using System.Device.Gpio;
using System.Device.I2c;
using System.Device.Spi;
using System.Net.NetworkInformation;
using System.Threading;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Store;
using nanoFramework.Hardware.Esp32;
using nanoFramework.Networking;
using nanoFramework.Runtime.Native;

namespace EdgeSensors.Firmware.Platform.Device;

/// <summary>Puts the tap together on the reference board (hardware/boards/tap-1) and runs its loop.</summary>
public static class Program
{
    private const int NetworkPatienceMs = 60_000;

    /// <summary>The program; it returns to nobody.</summary>
    public static void Main()
    {
        Configuration.SetPinFunction(11, DeviceFunction.SPI1_MOSI);
        Configuration.SetPinFunction(13, DeviceFunction.SPI1_MISO);
        Configuration.SetPinFunction(12, DeviceFunction.SPI1_CLOCK);
        Configuration.SetPinFunction(7, DeviceFunction.SPI2_MOSI);
        Configuration.SetPinFunction(6, DeviceFunction.SPI2_MISO);
        Configuration.SetPinFunction(5, DeviceFunction.SPI2_CLOCK);
        Configuration.SetPinFunction(8, DeviceFunction.I2C1_DATA);
        Configuration.SetPinFunction(18, DeviceFunction.I2C1_CLOCK);
        Configuration.SetPinFunction(43, DeviceFunction.COM1_TX);
        Configuration.SetPinFunction(44, DeviceFunction.COM1_RX);

        GpioController pins = new GpioController();
        IBoard board = PinBoard.OnTap1(pins, I2cDevice.Create(new I2cConnectionSettings(1, Tmp102.DefaultAddress)));
        W25Q128 flash = new W25Q128(SpiDevice.Create(new SpiConnectionSettings(2, 15) { ClockFrequency = 20_000_000, Mode = SpiMode.Mode0 }));
        W5500 chip = new W5500(SpiDevice.Create(new SpiConnectionSettings(1, 10) { ClockFrequency = W5500.MaxClockFrequency, Mode = SpiMode.Mode0 }), pins.OpenPin(PinBoard.EthernetReset, PinMode.Output));
        DeviceClock clock = new DeviceClock();
        bool hasFlash = flash.TryInitialize();
        TapIdentity? identity = hasFlash ? IdentityStore.Load(flash) : null;
        if (identity == null)
        {
            Enrol(board, flash, clock, hasFlash);
            return;
        }

        new Thread(Network).Start();
        s_identity = identity;
        Tap tap = new Tap(identity, chip, flash, clock, new DeviceRandom(identity.SealingKey, clock), new M2MqttHubLink(identity), board, new TapLimits());
        while (!tap.WantsFactoryReset)
        {
            if (!tap.Step())
            {
                Thread.Sleep(1); // the network's threads
            }
        }

        Forget(board, flash, clock);
        Power.RebootDevice(RebootOption.NormalReboot);
    }

    private static TapIdentity? s_identity;

    /// <summary>Waits for an enrolment; without flash for ever.</summary>
    private static void Enrol(IBoard board, IFlash flash, IClock clock, bool hasFlash)
    {
        board.ConnectTapPort(false);
        board.Show(hasFlash ? TapCondition.NotEnrolled : TapCondition.Faulty);
        SerialEnrolment serial = new SerialEnrolment("COM1", flash);
        while (!hasFlash || !serial.Step(clock.Microseconds / 1_000))
        {
            board.Poll(clock.Microseconds / 1_000);
            Thread.Sleep(2);
        }

        Power.RebootDevice(RebootOption.NormalReboot);
    }

    /// <summary>Joins the Wi-Fi network and sets the clock by SNTP; the interpreter keeps both up.</summary>
    private static void Network()
    {
        TapIdentity identity = s_identity!;
        if (identity.Network.Length > 0)
        {
            Wireless80211Configuration wifi = Wireless80211Configuration.GetAllWireless80211Configurations()[0];
            if (wifi.Ssid != identity.Network || wifi.Password != identity.NetworkPassword)
            {
                wifi.Ssid = identity.Network;
                wifi.Password = identity.NetworkPassword;
                wifi.Authentication = AuthenticationType.WPA2;
                wifi.Encryption = EncryptionType.WPA2_PSK;
                wifi.Options = Wireless80211Configuration.ConfigurationOptions.AutoConnect | Wireless80211Configuration.ConfigurationOptions.Enable;
                wifi.SaveConfiguration();
            }
        }

        while (!NetworkHelper.SetupAndConnectNetwork(new CancellationTokenSource(NetworkPatienceMs).Token, true))
        {
            NetworkHelper.Reset();
        }
    }

    /// <summary>Erases the whole chip, some three minutes: nothing of one owner stays for the next.</summary>
    private static void Forget(IBoard board, IFlash flash, IClock clock)
    {
        board.ConnectTapPort(false);
        board.Show(TapCondition.Updating);
        for (int address = 0; address < flash.Capacity; address += FlashGeometry.SectorSize)
        {
            flash.TryBeginErase(address);
            while (flash.IsBusy)
            {
                board.Poll(clock.Microseconds / 1_000);
            }
        }
    }
}
