using System.Reflection;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Tests.Run;

namespace EdgeSensors.Firmware.Tests.Budget;

/// <summary>An update session of the instrumented firmware, whose flash, hub and clock are those of a <see cref="TapBench"/>.</summary>
internal sealed class CountedSession
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private readonly InstructionCounter _counter;
    private readonly TapBench _bench;
    private readonly object _session;
    private readonly Func<bool> _step;

    public CountedSession(InstructionCounter counter, TapBench bench, int entries, bool witnessed)
    {
        _counter = counter;
        _bench = bench;
        object flash = Proxy("Platform.IFlash", bench.Flash);
        object link = Proxy("Platform.IHubLink", bench.Hub);
        object clock = Proxy("Platform.IClock", bench);
        object state = New("Store.TapState", flash);
        object time = New("Run.TrustedTime", clock);
        time.GetType().GetMethod("Synchronize")!.Invoke(time, null);
        object identity = New("Run.TapIdentity");
        foreach (FieldInfo field in identity.GetType().GetFields())
        {
            field.SetValue(identity, typeof(EdgeSensors.Firmware.Run.TapIdentity).GetField(field.Name)!.GetValue(bench.Identity));
        }

        _session = New("Update.UpdateSession", flash, state, identity, link, time, new byte[256 * 1024], entries, witnessed);
        _step = _session.GetType().GetMethod("Step", Any)!.CreateDelegate<Func<bool>>(_session);
    }

    /// <summary>The costliest slice.</summary>
    public Cost WorstSlice { get; private set; }

    /// <summary>Signatures of metadata checked.</summary>
    public int Signatures => (int)Get(Tuf, "SignaturesChecked");

    /// <summary>Signatures of logs and witnesses checked.</summary>
    public int ProofSignatures => (int)Get(Get(Tuf, "Proof"), "SignaturesChecked");

    /// <summary>Octets that went through SHA-256, whole blocks.</summary>
    public long OctetsHashed => 64 * _counter.Sha256Blocks;

    public void BeginStored() => Call("BeginStored");

    public void BeginUpdate() => Call("BeginUpdate");

    /// <summary>Runs until nothing is under way, and returns what it has cost.</summary>
    public Cost Run()
    {
        Cost all = default;
        while ((bool)Get(_session, "IsBusy"))
        {
            Cost before = _counter.Executed;
            _step();
            Cost slice = _counter.Executed - before;
            all = new Cost(all.Instructions + slice.Instructions, all.Calls + slice.Calls);
            if (slice.Instructions > WorstSlice.Instructions)
            {
                WorstSlice = slice;
            }

            Listen();
        }

        Assert.Equal("None", Get(_session, "Fault").ToString());
        Assert.Equal("None", Get(_session, "DocumentFault").ToString());
        return all;
    }

    /// <summary>Hands on what the hub has said.</summary>
    public void Listen()
    {
        while (_bench.Hub.TryReceive(out HubTopic topic, out byte[] payload))
        {
            Call(topic == HubTopic.Chunk ? "TakeChunk" : "Announce", payload);
        }
    }

    private object Tuf => Get(_session, "Tuf");

    private static object Get(object from, string property) => from.GetType().GetProperty(property, Any)!.GetValue(from)!;

    private void Call(string method, params object[] arguments) => _session.GetType().GetMethod(method, Any)!.Invoke(_session, arguments);

    private object New(string type, params object[] arguments) => Activator.CreateInstance(
        _counter.Firmware.GetType("EdgeSensors.Firmware." + type, throwOnError: true)!, Any, null, arguments, null)!;

    private object Proxy(string type, object target)
    {
        Type face = _counter.Firmware.GetType("EdgeSensors.Firmware." + type, throwOnError: true)!;
        object proxy = typeof(DispatchProxy).GetMethod(nameof(DispatchProxy.Create), 2, [])!.MakeGenericMethod(face, typeof(Forwarder)).Invoke(null, null)!;
        ((Forwarder)proxy).Target = target;
        return proxy;
    }

    /// <summary>Passes a call on to the method of the same name, an enumeration's value as the other world's.</summary>
#pragma warning disable CA1852 // The proxy that is made at run time derives from it.
    public class Forwarder : DispatchProxy
#pragma warning restore CA1852
    {
        public object? Target { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            MethodInfo method = Target!.GetType().GetMethod(targetMethod!.Name)!;
            ParameterInfo[] parameters = method.GetParameters();
            for (int i = 0; i < parameters.Length; i++)
            {
                if (parameters[i].ParameterType.IsEnum)
                {
                    args![i] = Enum.ToObject(parameters[i].ParameterType, Convert.ToInt32(args[i], System.Globalization.CultureInfo.InvariantCulture));
                }
            }

            return method.Invoke(Target, args);
        }
    }
}
