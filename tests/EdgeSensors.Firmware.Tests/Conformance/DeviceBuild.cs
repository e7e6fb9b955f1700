using System.Collections.Immutable;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace EdgeSensors.Firmware.Tests.Conformance;

/// <summary>Compiles the device build's sources, those that its two project files name, with the C# compiler.</summary>
internal static class DeviceBuild
{
    private static readonly Lazy<MetadataReference> Declarations =
        new(() => MetadataReference.CreateFromImage(ReferenceAssembly.Emit(ApiFacts.Carried())));

    private static readonly Lazy<SyntaxTree[]> Trees = new(() => Read(Program));

    private static readonly Lazy<(byte[]? Image, ImmutableArray<Diagnostic> Errors)> Trust = new(() => Emit(Create(TrustName, Read(TrustName), [Declarations.Value])));

    private static readonly Lazy<MetadataReference[]> RunReferences = new(() => [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator).Where(p => !Path.GetFileName(p).StartsWith("EdgeSensors.", StringComparison.Ordinal))
        .Select(p => MetadataReference.CreateFromFile(p))]);

    /// <summary>The assembly with the program.</summary>
    public const string Program = "EdgeSensors.Firmware";

    /// <summary>The assembly that the program's is built on.</summary>
    public const string TrustName = "EdgeSensors.Firmware.Trust";

    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Compiles the sources of the assembly that the program's is built on, against nanoFramework's declarations alone.</summary>
    public static (byte[]? Image, ImmutableArray<Diagnostic> Errors) CompileTrust() => Trust.Value;

    /// <summary>Compiles the program's sources, and <paramref name="more"/> beside them, against nanoFramework's declarations and that assembly alone.</summary>
    public static (byte[]? Image, ImmutableArray<Diagnostic> Errors) Compile(params string[] more)
    {
        (byte[]? trust, ImmutableArray<Diagnostic> errors) = Trust.Value;
        return trust is null ? (null, errors) : Emit(Create(
            Program, [.. Trees.Value, .. more.Select((s, i) => Parse(s, $"more{i}.cs"))], [Declarations.Value, MetadataReference.CreateFromImage(trust)]));
    }

    /// <summary>Compiles <paramref name="source"/> alone against nanoFramework's declarations.</summary>
    public static (byte[]? Image, ImmutableArray<Diagnostic> Errors) CompileAlone(string source) => Emit(Create(Program, [Parse(source, "alone.cs")], [Declarations.Value]));

    /// <summary>Compiles the host's sources, optimised as the device's are, against .NET: code that can be run to count what it does.</summary>
    public static (byte[]? Image, ImmutableArray<Diagnostic> Errors) CompileToRun() =>
        Emit(Create(Program, [.. HostFiles().Select(f => Parse(File.ReadAllText(f), f))], RunReferences.Value));

    /// <summary>One driver of the host's build, to be changed file by file: what has been bound of the references is bound once.</summary>
    /// <param name="chip">Its folder under Devices.</param>
    /// <param name="more">Another source beside it.</param>
    public static CSharpCompilation Driver(string chip, string more)
    {
        string platform = Path.Combine(Root, "firmware", "EdgeSensors.Firmware", "Platform");
        IEnumerable<string> files = Directory.EnumerateFiles(Path.Combine(Root, "firmware", "Devices", chip), "*.cs")
            .Concat([Path.Combine(platform, "FlashGeometry.cs"), Path.Combine(platform, "IFlash.cs"), Path.Combine(platform, "Host", "SpanByteAlias.cs")]);
        return Create(Program, [.. files.Select(f => Parse(File.ReadAllText(f), f)), Parse(more, "more.cs")], RunReferences.Value);
    }

    /// <summary>Compiles a driver with a fault in one file: code that is to be found out.</summary>
    /// <param name="driver">The right one.</param>
    /// <param name="file">The file's name.</param>
    /// <param name="right">What stands there, once.</param>
    /// <param name="wrong">What is to stand there.</param>
    public static byte[] CompileWithFault(CSharpCompilation driver, string file, string right, string wrong)
    {
        SyntaxTree tree = driver.SyntaxTrees.Single(t => Path.GetFileName(t.FilePath) == file);
        string text = tree.ToString();
        Assert.Equal(2, text.Split(right).Length); // once, or this fault is not the one that is meant
        SyntaxTree changed = Parse(text.Replace(right, wrong, StringComparison.Ordinal), tree.FilePath);
        (byte[]? image, ImmutableArray<Diagnostic> errors) = Emit(driver.ReplaceSyntaxTree(tree, changed));
        Assert.Empty(errors);
        return image!;
    }

    private static CSharpCompilation Create(string name, SyntaxTree[] trees, MetadataReference[] references) => CSharpCompilation.Create(
        name, trees, references, new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

    private static (byte[]? Image, ImmutableArray<Diagnostic> Errors) Emit(CSharpCompilation compilation)
    {
        using MemoryStream image = new();
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(image);
        ImmutableArray<Diagnostic> errors = [.. result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)];
        return (result.Success ? image.ToArray() : null, errors);
    }

    /// <summary>The sources of the host's build: all but the device's platform.</summary>
    public static IEnumerable<string> HostFiles()
    {
        string firmware = Path.Combine(Root, "firmware", Program);
        return Matching(firmware, "**/*.cs").Concat(Matching(Path.Combine(Root, "firmware", "Devices"), "**/*.cs"))
            .Where(f => !((string[])["Platform/Device", "bin", "obj"]).Any(o => f.StartsWith(Path.Combine(firmware, o) + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal);
    }

    /// <summary>The sources that the project of one of the device's assemblies names.</summary>
    public static IEnumerable<string> DeviceFiles(string assembly)
    {
        string folder = Path.Combine(Root, "firmware", assembly + ".Device");
        XElement project = XElement.Load(Path.Combine(folder, assembly + ".Device.csproj"));
        return project.Descendants("Compile")
            .SelectMany(c => Named(folder, c.Attribute("Include")).Except(Named(folder, c.Attribute("Exclude"))))
            .Order(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Named(string folder, XAttribute? patterns) =>
        patterns is null ? [] : patterns.Value.Split(';').SelectMany(p => Matching(folder, p));

    /// <summary>The files of one pattern: a file, <c>**</c> for all below a folder, or <c>**/*.cs</c>.</summary>
    private static IEnumerable<string> Matching(string folder, string pattern)
    {
        int stars = pattern.IndexOf("**", StringComparison.Ordinal);
        string start = Path.GetFullPath(Path.Combine(folder, stars < 0 ? pattern : pattern[..stars]));
        return stars < 0 ? [start] : Directory.Exists(start) ? Directory.EnumerateFiles(start, "*.cs", SearchOption.AllDirectories) : [];
    }

    private static SyntaxTree[] Read(string assembly) => [.. DeviceFiles(assembly).Select(f => Parse(File.ReadAllText(f), f))];

    private static SyntaxTree Parse(string text, string path) =>
        CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.CSharp12), path);

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EdgeSensors.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests must lie within the repository.");
    }
}
