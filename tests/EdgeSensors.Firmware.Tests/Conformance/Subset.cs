using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace EdgeSensors.Firmware.Tests.Conformance;

/// <summary>Reads a compiled assembly and names everything in it that nanoFramework's interpreter cannot run, or that could differ between machines.</summary>
internal sealed class Subset
{
    /// <summary>"At most 255 locals in a method (254 is safe)."</summary>
    public const int MostLocals = 254;

    /// <summary>"Static array initialisers: 30,000 bytes fine, 70,000 fail."</summary>
    public const int LargestInitialiser = 30_000;

    /// <summary>"Very long methods (thousands of statements) fail": a bound well on the safe side.</summary>
    public const int LargestMethod = 16_384;

    /// <summary>"The largest single object is 786,420 bytes."</summary>
    public const int LargestObject = 786_420;

    /// <summary>
    /// Octets of converted byte code in one assembly. Its methods' places have 16 bits, so the metadata processor refuses more than 65,535; the margin
    /// of 5,535 is so that it is noticed here first, with time to move something.
    /// </summary>
    public const int MostByteCode = 60_000;

    private static readonly OpCode?[] OneByte = new OpCode?[256];
    private static readonly OpCode?[] TwoByte = new OpCode?[256];

    private static readonly HashSet<string> Forbidden =
    [
        "localloc", "cpblk", "initblk", "calli", "jmp", "arglist", "mkrefany", "refanyval", "refanytype", "tail.", "ckfinite", "volatile.", "unaligned.",
        "constrained.", "readonly.", "sizeof", "ldc.r4", "ldc.r8", "conv.r4", "conv.r8", "conv.r.un", "ldelem.r4", "ldelem.r8", "stelem.r4", "stelem.r8",
    ];

    private static readonly Lazy<HashSet<string>> DeclaredEnums =
        new(() => [.. ApiFacts.Parse(ApiFacts.Carried()).Where(t => t.Kind == "enum").Select(t => t.Name)]);

    private readonly List<string> _findings = [];
    private readonly MetadataReader _reader;
    private readonly PEReader _image;
    private int _byteCode;

    static Subset()
    {
        foreach (System.Reflection.FieldInfo field in typeof(OpCodes).GetFields())
        {
            if (field.GetValue(null) is OpCode code)
            {
                (code.Size == 1 ? OneByte : TwoByte)[code.Value & 0xff] = code;
            }
        }
    }

    private Subset(PEReader image)
    {
        _image = image;
        _reader = image.GetMetadataReader();
    }

    /// <summary>What is outside the subset, a line each; none when the assembly conforms.</summary>
    public static IReadOnlyList<string> Check(byte[] assembly)
    {
        using PEReader image = new(ImmutableArray.Create(assembly));
        Subset subset = new(image);
        subset.CheckAll();
        return subset._findings;
    }

    /// <summary>Octets of byte code that the metadata processor makes of an assembly: tokens, long branches and a switch's targets have two octets, a handler twelve.</summary>
    public static int ByteCode(byte[] assembly)
    {
        using PEReader image = new(ImmutableArray.Create(assembly));
        Subset subset = new(image);
        subset.CheckAll();
        return subset._byteCode;
    }

    private void CheckAll()
    {
        if (_reader.GetTableRowCount(TableIndex.GenericParam) > 0)
        {
            Find("assembly", "declares a generic type or method");
        }

        if (_reader.GetTableRowCount(TableIndex.MethodSpec) > 0)
        {
            Find("assembly", "calls a generic method");
        }

        for (int row = 1; row <= _reader.GetTableRowCount(TableIndex.TypeSpec); row++)
        {
            _reader.GetTypeSpecification(MetadataTokens.TypeSpecificationHandle(row)).DecodeSignature(new SignatureCheck(this, "a type that is named"), null);
        }

        foreach (TypeDefinitionHandle handle in _reader.TypeDefinitions)
        {
            TypeDefinition type = _reader.GetTypeDefinition(handle);
            string name = _reader.GetString(type.Name);
            if (name.Contains("__FixedBuffer", StringComparison.Ordinal))
            {
                Find(name, "a fixed buffer");
            }

            foreach (FieldDefinitionHandle field in type.GetFields())
            {
                CheckField(name, _reader.GetFieldDefinition(field));
            }

            foreach (MethodDefinitionHandle method in type.GetMethods())
            {
                CheckMethod(name, type, _reader.GetMethodDefinition(method));
            }
        }

        if (_byteCode > MostByteCode)
        {
            Find("assembly", $"{_byteCode} octets of converted byte code, more than {MostByteCode}");
        }
    }

    private void CheckField(string type, FieldDefinition field)
    {
        string name = type + "." + _reader.GetString(field.Name);
        field.DecodeSignature(new SignatureCheck(this, name), null);
        if (field.GetRelativeVirtualAddress() != 0)
        {
            BlobReader signature = _reader.GetBlobReader(field.Signature);
            signature.ReadSignatureHeader();
            if (signature.ReadByte() == 0x11 && signature.ReadTypeHandle() is { Kind: HandleKind.TypeDefinition } data)
            {
                int size = _reader.GetTypeDefinition((TypeDefinitionHandle)data).GetLayout().Size;
                if (size > LargestInitialiser)
                {
                    Find(name, $"an array initialiser of {size} octets, more than {LargestInitialiser}");
                }
            }
        }
    }

    private void CheckMethod(string typeName, TypeDefinition type, MethodDefinition method)
    {
        string name = typeName + "." + _reader.GetString(method.Name);
        method.DecodeSignature(new SignatureCheck(this, name), null);
        if ((type.Attributes & System.Reflection.TypeAttributes.Interface) != 0 && (method.Attributes & System.Reflection.MethodAttributes.Static) != 0)
        {
            Find(name, "a static member of an interface");
        }

        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }

        if ((type.Attributes & System.Reflection.TypeAttributes.Interface) != 0)
        {
            Find(name, "a body in an interface");
        }

        MethodBodyBlock body = _image.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            int locals = _reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(new SignatureCheck(this, name), null).Length;
            if (locals > MostLocals)
            {
                Find(name, $"{locals} locals, more than {MostLocals}");
            }
        }

        BlobReader il = body.GetILReader();
        if (il.Length > LargestMethod)
        {
            Find(name, $"{il.Length} octets of IL, more than {LargestMethod}");
        }

        _byteCode += body.ExceptionRegions.Length == 0 ? 0 : 1 + (12 * body.ExceptionRegions.Length);
        CheckInstructions(name, ref il);
    }

    private void CheckInstructions(string method, ref BlobReader il)
    {
        string before = "", beforeThat = "";
        int constant = -1;
        while (il.RemainingBytes > 0)
        {
            byte first = il.ReadByte();
            OpCode? code = first == 0xfe ? TwoByte[il.ReadByte()] : OneByte[first];
            string name = code?.Name ?? "an unknown opcode";
            if (code is null || Forbidden.Contains(name))
            {
                Find(method, name);
            }
            else if (name.Contains(".ovf", StringComparison.Ordinal))
            {
                Find(method, name + ": checked never throws on the device");
            }

            // Found first and added then: a switch's count is read from where its targets are counted from.
            int length = code?.OperandType switch
            {
                OperandType.InlineNone or null => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 * il.ReadInt32(),
                _ => 4,
            };
            _byteCode += (first == 0xfe ? 2 : 1) + code?.OperandType switch
            {
                OperandType.InlineBrTarget or OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineString or OperandType.InlineType => 2,
                OperandType.InlineSwitch => 1 + (length / 2),
                _ => length,
            };
            int operand = code?.OperandType is OperandType.InlineI or OperandType.InlineTok or OperandType.InlineType ? PeekInt32(il) : 0;
            if (name is "ceq" or "cgt.un" && before == "ldnull" && beforeThat == "ldelem.ref")
            {
                Find(method, "a comparison of an array's element with null used as a value, which is false on the device");
            }

            CheckOperand(method, name, operand, constant);
            constant = name == "ldc.i4" ? operand : -1;
            (beforeThat, before) = (before, name);
            il.Offset += length;
        }
    }

    private void CheckOperand(string method, string name, int operand, int constant)
    {
        if (name is "box" or "constrained." && IsEnum(MetadataTokens.EntityHandle(operand)))
        {
            Find(method, "an enum as an object: its ToString gives the number on the device");
        }
        else if (name == "newarr" && (long)constant * SizeOf(MetadataTokens.EntityHandle(operand)) > LargestObject)
        {
            Find(method, $"an array of more than {LargestObject} octets");
        }
    }

    private static int PeekInt32(BlobReader il) => il.ReadInt32();

    private bool IsEnum(EntityHandle type) => type.Kind switch
    {
        HandleKind.TypeDefinition => BaseName(_reader.GetTypeDefinition((TypeDefinitionHandle)type).BaseType) == "System.Enum",
        HandleKind.TypeReference => DeclaredEnums.Value.Contains(FullName(_reader.GetTypeReference((TypeReferenceHandle)type))),
        _ => false,
    };

    private string BaseName(EntityHandle type) => type.Kind == HandleKind.TypeReference ? FullName(_reader.GetTypeReference((TypeReferenceHandle)type)) : "";

    private string FullName(TypeReference type) => _reader.GetString(type.Namespace) + "." + _reader.GetString(type.Name);

    /// <summary>Octets of an element; a reference and whatever is not a primitive take a block of 12 at least.</summary>
    private int SizeOf(EntityHandle element) => element.Kind != HandleKind.TypeReference ? 12 : FullName(_reader.GetTypeReference((TypeReferenceHandle)element)) switch
    {
        "System.Byte" or "System.SByte" or "System.Boolean" => 1,
        "System.Char" or "System.Int16" or "System.UInt16" => 2,
        "System.Int32" or "System.UInt32" => 4,
        "System.Int64" or "System.UInt64" => 8,
        _ => 12,
    };

    private void Find(string where, string what) => _findings.Add(where + ": " + what);

    /// <summary>Walks a signature; the only types that pass are whole, single-dimensional, not pointers and not floating-point.</summary>
    private sealed class SignatureCheck(Subset subset, string where) : ISignatureTypeProvider<int, object?>
    {
        public int GetArrayType(int elementType, ArrayShape shape) => Refuse("a multi-dimensional array");

        public int GetByReferenceType(int elementType) => 0;

        public int GetFunctionPointerType(MethodSignature<int> signature) => Refuse("a function pointer");

        public int GetGenericInstantiation(int genericType, ImmutableArray<int> typeArguments) => Refuse("a generic type");

        public int GetGenericMethodParameter(object? genericContext, int index) => Refuse("a generic parameter");

        public int GetGenericTypeParameter(object? genericContext, int index) => Refuse("a generic parameter");

        public int GetModifiedType(int modifier, int unmodifiedType, bool isRequired) => 0;

        public int GetPinnedType(int elementType) => Refuse("a pinned local");

        public int GetPointerType(int elementType) => Refuse("a pointer");

        public int GetPrimitiveType(PrimitiveTypeCode typeCode) =>
            typeCode is PrimitiveTypeCode.Single or PrimitiveTypeCode.Double or PrimitiveTypeCode.TypedReference ? Refuse(typeCode.ToString()) : 0;

        public int GetSZArrayType(int elementType) => 0;

        public int GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => 0;

        public int GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => 0;

        public int GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => 0;

        private int Refuse(string what)
        {
            subset.Find(where, what);
            return 0;
        }
    }
}
