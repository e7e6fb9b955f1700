using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace EdgeSensors.Firmware.Tests.Conformance;

/// <summary>Compiles the device build's sources, those that its project file names, with the C# compiler.</summary>
internal static class DeviceBuild
{
    private static readonly Lazy<MetadataReference> Declarations =
        new(() => MetadataReference.CreateFromImage(ReferenceAssembly.Emit(ApiFacts.Carried())));

    private static readonly Lazy<SyntaxTree[]> Trees = new(() => [.. Files(host: false).Select(f => Parse(File.ReadAllText(f), f))]);

    private static readonly Lazy<MetadataReference[]> RunReferences = new(() => [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator).Where(p => !Path.GetFileName(p).StartsWith("EdgeSensors.", StringComparison.Ordinal))
        .Select(p => MetadataReference.CreateFromFile(p))]);

    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Compiles the device's sources, and <paramref name="more"/> beside them, against nanoFramework's declarations alone.</summary>
    public static (byte[]? Image, ImmutableArray<Diagnostic> Errors) Compile(params string[] more)
    {
        return Emit(Create([.. Trees.Value, .. more.Select((s, i) => Parse(s, $"more{i}.cs"))], [Declarations.Value]));
    }

    /// <summary>Compiles <paramref name="source"/> alone against nanoFramework's declarations.</summary>
    public static (byte[]? Image, ImmutableArray<Diagnostic> Errors) CompileAlone(string source) => Emit(Create([Parse(source, "alone.cs")], [Declarations.Value]));

    /// <summary>Compiles the host's sources, optimised as the device's are, against .NET: code that can be run to count what it does.</summary>
    public static (byte[]? Image, ImmutableArray<Diagnostic> Errors) CompileToRun() =>
        Emit(Create([.. Files(host: true).Select(f => Parse(File.ReadAllText(f), f))], RunReferences.Value));

    /// <summary>One driver of the host's build, to be changed file by file: what has been bound of the references is bound once.</summary>
    /// <param name="chip">Its folder under Devices.</param>
    /// <param name="more">Another source beside it.</param>
    public static CSharpCompilation Driver(string chip, string more)
    {
        string platform = Path.Combine(Root, "firmware", "EdgeSensors.Firmware", "Platform");
        IEnumerable<string> files = Directory.EnumerateFiles(Path.Combine(Root, "firmware", "Devices", chip), "*.cs")
            .Concat([Path.Combine(platform, "FlashGeometry.cs"), Path.Combine(platform, "IFlash.cs"), Path.Combine(platform, "Host", "SpanByteAlias.cs")]);
        return Create([.. files.Select(f => Parse(File.ReadAllText(f), f)), Parse(more, "more.cs")], RunReferences.Value);
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

    private static CSharpCompilation Create(SyntaxTree[] trees, MetadataReference[] references) => CSharpCompilation.Create(
        "EdgeSensors.Firmware", trees, references, new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

    private static (byte[]? Image, ImmutableArray<Diagnostic> Errors) Emit(CSharpCompilation compilation)
    {
        using MemoryStream image = new();
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(image);
        ImmutableArray<Diagnostic> errors = [.. result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)];
        return (result.Success ? image.ToArray() : null, errors);
    }

    private static IEnumerable<string> Files(bool host)
    {
        string firmware = Path.Combine(Root, "firmware", "EdgeSensors.Firmware");
        string other = Path.Combine(firmware, "Platform", host ? "Device" : "Host");
        string devices = Path.Combine(Root, "firmware", "Devices");
        return Directory.EnumerateFiles(firmware, "*.cs", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(devices, "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.StartsWith(other, StringComparison.Ordinal)
                && !f.StartsWith(Path.Combine(firmware, "bin"), StringComparison.Ordinal) && !f.StartsWith(Path.Combine(firmware, "obj"), StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
    }

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
