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

    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Compiles the device's sources, and <paramref name="more"/> beside them, against nanoFramework's declarations alone.</summary>
    public static (byte[]? Image, ImmutableArray<Diagnostic> Errors) Compile(params string[] more)
    {
        return Emit([.. Trees.Value, .. more.Select((s, i) => Parse(s, $"more{i}.cs"))], [Declarations.Value]);
    }

    /// <summary>Compiles <paramref name="source"/> alone against nanoFramework's declarations.</summary>
    public static (byte[]? Image, ImmutableArray<Diagnostic> Errors) CompileAlone(string source) => Emit([Parse(source, "alone.cs")], [Declarations.Value]);

    /// <summary>Compiles the host's sources, optimised as the device's are, against .NET: code that can be run to count what it does.</summary>
    public static (byte[]? Image, ImmutableArray<Diagnostic> Errors) CompileToRun()
    {
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => !Path.GetFileName(p).StartsWith("EdgeSensors.", StringComparison.Ordinal)).Select(p => MetadataReference.CreateFromFile(p));
        return Emit([.. Files(host: true).Select(f => Parse(File.ReadAllText(f), f))], [.. references]);
    }

    private static (byte[]? Image, ImmutableArray<Diagnostic> Errors) Emit(SyntaxTree[] trees, MetadataReference[] references)
    {
        CSharpCompilation compilation = CSharpCompilation.Create("EdgeSensors.Firmware", trees, references, new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
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
