using System.Text.Json;

namespace EdgeSensors.Firmware.Tests.Conformance;

/// <summary>The device build's sources are within what nanoFramework runs.</summary>
public class ConformanceTests
{
    [Fact]
    public void The_device_build_compiles_against_nanoFramework_and_stays_within_its_subset()
    {
        (byte[]? trust, var errors) = DeviceBuild.CompileTrust();
        Assert.Empty(errors);
        Assert.Empty(Subset.Check(trust!));
        (byte[]? image, errors) = DeviceBuild.Compile();
        Assert.Empty(errors);
        Assert.Empty(Subset.Check(image!));
    }

    [Fact]
    public void The_declarations_carried_are_those_that_came_with_the_packages()
    {
        string source = Path.Combine(Path.GetDirectoryName(DeviceBuild.Root)!, "shared", "nanoframework", "api.json");
        Assert.SkipUnless(File.Exists(source), "../shared/nanoframework/api.json is not beside the repository");
        using JsonDocument libraries = JsonDocument.Parse(File.ReadAllBytes(source));
        Assert.True(ApiFacts.FromJson(libraries.RootElement) == ApiFacts.Carried(), "nanoframework.api differs from api.json");
    }

    [Fact]
    public void The_device_projects_take_the_same_sources_but_the_hosts_platform()
    {
        string platform = Path.Combine(DeviceBuild.Root, "firmware", DeviceBuild.Program, "Platform");
        string friends = Path.Combine(DeviceBuild.Root, "firmware", DeviceBuild.TrustName + ".Device", "Friends.cs");
        IEnumerable<string> device = Directory.EnumerateFiles(Path.Combine(platform, "Device"), "*.cs");
        Assert.Equal(
            DeviceBuild.HostFiles().Where(f => !f.StartsWith(Path.Combine(platform, "Host"), StringComparison.Ordinal)).Concat(device).Append(friends).Order(StringComparer.Ordinal),
            DeviceBuild.DeviceFiles(DeviceBuild.TrustName).Concat(DeviceBuild.DeviceFiles(DeviceBuild.Program)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Plain_code_of_every_kind_that_works_is_accepted()
    {
        const string Source = """
            using System;
            using System.Threading;
            namespace Added;
            internal delegate int Change(int value);
            internal struct Pair { public int A; public long B; }
            internal interface IPart { int Value { get; } }
            internal sealed class Part(int value) : IPart { public int Value => value; }
            internal sealed class Plain
            {
                private readonly object _gate = new object();
                private static readonly byte[] Table = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
                public event EventHandler? Changed;
                public int Run(SpanByte bytes, string text)
                {
                    int[][] jagged = new int[2][];
                    jagged[0] = new int[3];
                    Pair pair = new Pair { A = 1, B = 2 };
                    Change twice = v => v * 2 + pair.A;
                    lock (_gate) { jagged[0][1] = twice(Table[3]); }
                    try { Changed?.Invoke(this, EventArgs.Empty); }
                    catch (Exception e) when (e.Message.Length > 3) { Console.WriteLine($"no {jagged[0][1]:X2}"); }
                    foreach (byte b in Table) { pair.B += b; }
                    IPart part = new Part(bytes.Length + bytes[0]);
                    AutoResetEvent signal = new AutoResetEvent(false);
                    signal.Set();
                    string[] words = new string[3];
                    if (words[1] == null) { words[1] = "x"; }
                    byte[] large = new byte[786420];
                    DayOfWeek day = DayOfWeek.Monday;
                    large[(int)day] = words[1] is null ? (byte)1 : (byte)2;
                    return text switch { "a" => 1, "b" => part.Value, _ => (int)(pair.B >> 3) };
                }
            }
            """;
        (byte[]? image, var errors) = DeviceBuild.Compile(Source);
        Assert.Empty(errors);
        Assert.Empty(Subset.Check(image!));
    }

    [Theory]
    [InlineData("class X { T Id<T>(T t) => t; }", "generic")]
    [InlineData("class X<T> { T? F; }", "generic")]
    [InlineData("class X { int[,] F = new int[2, 2]; }", "multi-dimensional")]
    [InlineData("class X { unsafe int M() { int* p = stackalloc int[4]; return p[1]; } }", "localloc")]
    [InlineData("class X { unsafe byte M(byte[] b) { fixed (byte* p = b) { return *p; } } }", "pinned")]
    [InlineData("class X { int M(int a) => checked(a + 1); }", "checked never throws")]
    [InlineData("class X { double M(long a) => a * 0.5; }", "Double")]
    [InlineData("class X { float F; }", "Single")]
    [InlineData("class X { unsafe delegate*<int, int> F; }", "function pointer")]
    [InlineData("class X { unsafe int* F; }", "pointer")]
    [InlineData("unsafe struct X { public fixed byte F[4]; }", "fixed buffer")]
    [InlineData("interface I { int M() => 1; }", "a body in an interface")]
    [InlineData("class X { int[,,] M(int[,,] a) => a; }", "multi-dimensional")]
    [InlineData("class X { int M(int a) { checked { return (byte)a; } } }", "checked never throws")]
    [InlineData("class X { ulong M(double a) => (ulong)a; }", "Double")]
    [InlineData("enum E { A } class X { string M(E e) => e.ToString(); }", "gives the number")]
    [InlineData("enum E { A } class X { string M(E e) => $\"is {e}\"; }", "gives the number")]
    [InlineData("enum E { A } class X { string M(E e) => \"is \" + e; }", "gives the number")]
    [InlineData("enum E { A } class X { object M(E e) => e; }", "gives the number")]
    [InlineData("class X { bool M(string[] s) => s[0] == null; }", "null used as a value")]
    [InlineData("class X { bool M(string[] s) { bool empty = s[0] == null; return !empty; } }", "null used as a value")]
    [InlineData("class X { byte[] M() => new byte[786421]; }", "786420")]
    [InlineData("class X { int[] M() => new int[200000]; }", "786420")]
    [InlineData("class X { ulong[] F = new ulong[100000]; }", "786420")]
    public void What_the_interpreter_cannot_run_is_found_in_the_IL(string source, string finding)
    {
        (byte[]? image, var errors) = DeviceBuild.CompileAlone(source);
        Assert.Empty(errors);
        Assert.Contains(Subset.Check(image!), f => f.Contains(finding, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("class X { void M(System.Span<byte> s) { } }")]
    [InlineData("class X { void M(int[] a) { System.Array.Sort(a); } }")]
    [InlineData("class X { void M(int[] a) { System.Array.Reverse(a); } }")]
    [InlineData("class X { System.Collections.Generic.List<int> F; }")]
    [InlineData("class X { int? F; }")]
    [InlineData("class X { System.Action<int> F; }")]
    [InlineData("class X { volatile int F; }")]
    [InlineData("class X { async System.Threading.Tasks.Task M() { } }")]
    [InlineData("class X { System.Collections.IEnumerable M() { yield return 1; } }")]
    [InlineData("record X(int A);")]
    [InlineData("class X { object M() => new { A = 1 }; }")]
    [InlineData("class X { decimal F; }")]
    [InlineData("class X { (int, int) F; }")]
    [InlineData("class X { void M() { System.Console.WriteLine(1); } }")]
    [InlineData("class X { string M(string a) => a.Replace(\"a\", \"b\"); }")]
    [InlineData("class X { long M(long a) => System.Threading.Interlocked.Add(ref a, 1); }")]
    [InlineData("class X { void M() { System.Buffer.BlockCopy(null, 0, null, 0, 0); } }")]
    [InlineData("class X { object M() => System.Diagnostics.Stopwatch.StartNew(); }")]
    [InlineData("class X { object M() => System.Security.Cryptography.SHA256.Create(); }")]
    [InlineData("class X { object M() => System.Security.Cryptography.SHA512.Create(); }")]
    [InlineData("class X { object M() => System.Security.Cryptography.ECDsa.Create(); }")]
    [InlineData("class X { System.Func<int> F; }")]
    [InlineData("class X { event System.EventHandler<int> F; }")]
    [InlineData("class X { System.ReadOnlySpan<byte> M(byte[] b) => b; }")]
    [InlineData("using System.Linq; class X { object M(int[] a) => a.Where(i => i > 0); }")]
    [InlineData("class X { void M() { var f = (int a) => a; } }")]
    [InlineData("interface I { static abstract int M(); }")]
    [InlineData("class A { public virtual object M() => this; } class B : A { public override string M() => string.Empty; }")]
    [InlineData("record struct X(int A);")]
    [InlineData("class X { void M(int[] a) { System.Array.Resize(ref a, 3); } }")]
    [InlineData("class X { void M(int[] a) { System.Array.Fill(a, 3); } }")]
    [InlineData("class X { object M() => System.Array.Empty<int>(); }")]
    [InlineData("class X { int M(byte[] b) => System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(b); }")]
    [InlineData("class X { object M() => System.Activator.CreateInstance(typeof(X)); }")]
    [InlineData("class X { object M() => System.Enum.Parse(typeof(System.DayOfWeek), \"Monday\"); }")]
    [InlineData("class X { string M(string[] a) => string.Join(\",\", a); }")]
    [InlineData("class X { string M(string a) => a.Insert(0, \"b\"); }")]
    [InlineData("class X { string M(string a) => a.Remove(0, 1); }")]
    [InlineData("class X { bool M(char a) => char.IsDigit(a); }")]
    [InlineData("class X { bool M(object a) => System.Threading.Monitor.TryEnter(a); }")]
    [InlineData("class X { void M(object a) { System.Threading.Monitor.Wait(a); } }")]
    [InlineData("class X { void M(object a) { System.Threading.Monitor.Pulse(a); } }")]
    [InlineData("class X { long M(ref long a) => System.Threading.Interlocked.Increment(ref a); }")]
    [InlineData("class X { int M(int a) { try { return 1 / a; } catch (System.DivideByZeroException) { return 0; } } }")]
    public void What_nanoFramework_does_not_declare_does_not_compile(string source)
    {
        Assert.NotEmpty(DeviceBuild.CompileAlone(source).Errors);
    }

    [Theory]
    [InlineData(254, true)]
    [InlineData(256, false)]
    public void A_method_has_at_most_254_locals(int locals, bool conforms)
    {
        string names = string.Join('\n', Enumerable.Range(0, locals).Select(i => $"int v{i} = F({i}); G(ref v{i});"));
        (byte[]? image, var errors) = DeviceBuild.CompileAlone($"class X {{ static int F(int i) => i; static void G(ref int i) {{ }} void M() {{ {names} }} }}");
        Assert.Empty(errors);
        Assert.Equal(conforms, Subset.Check(image!).Count == 0);
    }

    [Theory]
    [InlineData(30_000, true)]
    [InlineData(70_000, false)]
    public void An_array_initialiser_has_at_most_30000_octets(int octets, bool conforms)
    {
        (byte[]? image, var errors) = DeviceBuild.CompileAlone($"class X {{ static readonly byte[] F = {{ {string.Join(',', Enumerable.Repeat("1", octets))} }}; }}");
        Assert.Empty(errors);
        Assert.Equal(conforms, Subset.Check(image!).Count == 0);
    }

    [Fact]
    public void A_method_of_thousands_of_statements_is_refused()
    {
        string calls = string.Concat(Enumerable.Repeat("F(1);", 4_000));
        (byte[]? image, var errors) = DeviceBuild.CompileAlone($"class X {{ static void F(int i) {{ }} void M() {{ {calls} }} }}");
        Assert.Empty(errors);
        Assert.Single(Subset.Check(image!));
    }

    [Theory]
    [InlineData(24, true)]
    [InlineData(25, false)]
    public void An_assembly_has_at_most_60000_octets_of_converted_byte_code(int methods, bool conforms)
    {
        // F(1) is a constant of one octet, and a call of one and two for its token, of which the compiler's has four.
        string calls = string.Concat(Enumerable.Repeat("F(1);", 600));
        string all = string.Concat(Enumerable.Range(0, methods).Select(i => $"void M{i}() {{ {calls} }}"));
        (byte[]? image, var errors) = DeviceBuild.CompileAlone($"class X {{ static void F(int i) {{ }} {all} }}");
        Assert.Empty(errors);
        Assert.Equal(conforms, Subset.Check(image!).Count == 0);
    }

    [Fact]
    public void Converted_byte_code_is_counted_as_the_converter_writes_it()
    {
        // A switch, fields, a string and a handler: metadata processor 3.0 makes 115 octets of all this. It leaves out an attribute of the compiler's, of 10.
        const string Source = """
            class X
            {
                static int S;
                static string M(int i)
                {
                    try { switch (i) { case 0: S = 1; break; case 1: S = 5; break; case 2: S = 9; break; case 3: S = 2; break; case 4: S = 7; break; } }
                    finally { S = 0; }
                    return "text";
                }
            }
            """;
        (byte[]? image, var errors) = DeviceBuild.CompileAlone(Source);
        Assert.Empty(errors);
        Assert.Equal(115 + 10, Subset.ByteCode(image!));
    }
}
