using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace EdgeSensors.Firmware.Tests.Conformance;

/// <summary>
/// Emits one assembly that declares, without bodies, all that <see cref="ApiFacts"/> lists. It is its own core library, so code compiled
/// against it sees nanoFramework's world and no other.
/// </summary>
internal sealed class ReferenceAssembly
{
    private readonly MetadataBuilder _metadata = new();
    private readonly List<ApiType> _types;
    private readonly Dictionary<string, TypeDefinitionHandle> _handles = [];
    private MethodDefinitionHandle _defaultMember, _paramArray, _byRefLike;
    private int _nextMethod = 1;
    private int _nextField = 1;
    private int _nextParameter = 1;

    private ReferenceAssembly(List<ApiType> types)
    {
        _types = types;

        // The compiler marks ref structs with this attribute; the list of public types does not hold it.
        _types.Add(new ApiType("class", new HashSet<string>(), "System.Runtime.CompilerServices.IsByRefLikeAttribute", "System.Attribute", [],
            [new ApiMember('M', ".ctor", "System.Void", new HashSet<string>(), [], false, false, null)]));
        for (int i = 0; i < types.Count; i++)
        {
            _handles[types[i].Name] = MetadataTokens.TypeDefinitionHandle(i + 2);
        }
    }

    public static byte[] Emit(string facts)
    {
        // An enclosing type stands before what is nested in it.
        List<ApiType> types = [.. ApiFacts.Parse(facts).OrderBy(t => t.Name.Contains('+', StringComparison.Ordinal))];
        return new ReferenceAssembly(types).Build();
    }

    private byte[] Build()
    {
        _metadata.AddModule(0, _metadata.GetOrAddString("mscorlib.dll"), _metadata.GetOrAddGuid(Guid.Parse("6d2e9a1b-1f7d-4f0e-9f2e-7a55d3f9a001")), default, default);
        _metadata.AddAssembly(_metadata.GetOrAddString("mscorlib"), new Version(1, 17, 11, 0), default, default, 0, AssemblyHashAlgorithm.None);
        _metadata.AddTypeDefinition(0, default, _metadata.GetOrAddString("<Module>"), default, MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(1));
        FindAttributeConstructors();
        foreach (ApiType type in _types)
        {
            AddType(type);
        }

        BlobBuilder image = new();
        new ManagedPEBuilder(new PEHeaderBuilder(imageCharacteristics: Characteristics.Dll), new MetadataRootBuilder(_metadata), new BlobBuilder(), flags: CorFlags.ILOnly)
            .Serialize(image);
        return image.ToArray();
    }

    /// <summary>Finds the rows that three attribute constructors will have, as they are used before they are written.</summary>
    private void FindAttributeConstructors()
    {
        int row = 1;
        foreach (ApiType type in _types)
        {
            foreach (ApiMember member in type.Members)
            {
                if (member is { Kind: 'M', Name: ".ctor" })
                {
                    MethodDefinitionHandle handle = MetadataTokens.MethodDefinitionHandle(row);
                    switch (type.Name)
                    {
                        case "System.Reflection.DefaultMemberAttribute": _defaultMember = handle; break;
                        case "System.ParamArrayAttribute": _paramArray = handle; break;
                        case "System.Runtime.CompilerServices.IsByRefLikeAttribute": _byRefLike = handle; break;
                    }
                }

                row += member.Kind switch { 'M' => 1, 'P' => (member.Get ? 1 : 0) + (member.Set ? 1 : 0), 'E' => 2, _ => 0 };
            }
        }
    }

    private void AddType(ApiType type)
    {
        TypeDefinitionHandle handle = _handles[type.Name];
        int plus = type.Name.IndexOf('+', StringComparison.Ordinal);
        string outer = plus < 0 ? type.Name : type.Name[..plus];
        int dot = outer.LastIndexOf('.');
        string name = plus < 0 ? type.Name[(dot + 1)..] : type.Name[(plus + 1)..];
        TypeAttributes attributes = (plus < 0 ? TypeAttributes.Public : TypeAttributes.NestedPublic) | type.Kind switch
        {
            "interface" => TypeAttributes.Interface | TypeAttributes.Abstract,
            "enum" or "struct" or "delegate" => TypeAttributes.Sealed,
            _ => TypeAttributes.Class,
        };
        attributes |= type.Flags.Contains("static") ? TypeAttributes.Abstract | TypeAttributes.Sealed : 0;
        attributes |= type.Flags.Contains("abstract") ? TypeAttributes.Abstract : 0;
        attributes |= type.Flags.Contains("sealed") ? TypeAttributes.Sealed : 0;
        attributes |= type.Kind == "struct" ? TypeAttributes.SequentialLayout : 0;
        EntityHandle @base = type.Kind switch
        {
            "interface" => default,
            "enum" => _handles["System.Enum"],
            "struct" => _handles["System.ValueType"],
            "delegate" => _handles["System.MulticastDelegate"],
            _ => type.Name == "System.Object" ? default : Handle(type.Base ?? "System.Object"),
        };
        _metadata.AddTypeDefinition(
            attributes, plus < 0 && dot > 0 ? _metadata.GetOrAddString(type.Name[..dot]) : default, _metadata.GetOrAddString(name), @base,
            MetadataTokens.FieldDefinitionHandle(_nextField), MetadataTokens.MethodDefinitionHandle(_nextMethod));
        if (plus >= 0)
        {
            _metadata.AddNestedType(handle, _handles[outer]);
        }

        foreach (TypeDefinitionHandle i in type.Interfaces.Where(_handles.ContainsKey).Select(i => _handles[i]).OrderBy(h => MetadataTokens.GetRowNumber(h)))
        {
            _metadata.AddInterfaceImplementation(handle, i);
        }

        if (type.Name == "System.SpanByte")
        {
            _metadata.AddCustomAttribute(handle, _byRefLike, EmptyAttribute());
        }

        if (type.Kind is "enum" or "struct")
        {
            AddInstanceField(type);
        }

        foreach (ApiMember member in type.Members)
        {
            switch (member.Kind)
            {
                case 'F': AddField(type, member); break;
                case 'M': AddMethod(type, member.Name, member.Type, member.Flags, member.Parameters, special: member.Name[0] == '.' || member.Name.StartsWith("op_", StringComparison.Ordinal)); break;
                case 'P': AddProperty(type, member, handle); break;
                default: AddEvent(type, member); break;
            }
        }

        AddMaps(type, handle);
    }

    private readonly List<PropertyDefinitionHandle> _properties = [];
    private readonly List<EventDefinitionHandle> _events = [];

    private void AddMaps(ApiType type, TypeDefinitionHandle handle)
    {
        _ = type;
        if (_properties.Count > 0)
        {
            _metadata.AddPropertyMap(handle, _properties[0]);
            _properties.Clear();
        }

        if (_events.Count > 0)
        {
            _metadata.AddEventMap(handle, _events[0]);
            _events.Clear();
        }
    }

    private void AddInstanceField(ApiType type)
    {
        BlobBuilder signature = new();
        SignatureTypeEncoder encoder = new BlobEncoder(signature).FieldSignature();
        Encode(encoder, type.Kind == "enum" ? type.Base! : Primitive(type.Name) is null ? "System.Int32" : type.Name);
        FieldAttributes attributes = type.Kind == "enum" ? FieldAttributes.Public | FieldAttributes.SpecialName | FieldAttributes.RTSpecialName : FieldAttributes.Private;
        _metadata.AddFieldDefinition(attributes, _metadata.GetOrAddString(type.Kind == "enum" ? "value__" : "_value"), _metadata.GetOrAddBlob(signature));
        _nextField++;
    }

    private void AddField(ApiType type, ApiMember member)
    {
        BlobBuilder signature = new();
        Encode(new BlobEncoder(signature).FieldSignature(), member.Type);
        bool literal = member.Flags.Contains("const") && member.Value is not null;
        FieldAttributes attributes = member.Flags.Contains("protected") ? FieldAttributes.Family : FieldAttributes.Public;
        attributes |= member.Flags.Contains("static") || member.Flags.Contains("const") ? FieldAttributes.Static : 0;
        attributes |= literal ? FieldAttributes.Literal | FieldAttributes.HasDefault : 0;
        attributes |= member.Flags.Contains("readonly") ? FieldAttributes.InitOnly : 0;
        FieldDefinitionHandle field = _metadata.AddFieldDefinition(attributes, _metadata.GetOrAddString(member.Name), _metadata.GetOrAddBlob(signature));
        _nextField++;
        if (literal)
        {
            string underlying = type.Kind == "enum" ? type.Base! : member.Type;
            object? value = ParseConstant(underlying, member.Value!);
            _metadata.AddConstant(field, value);
        }
    }

    private MethodDefinitionHandle AddMethod(
        ApiType type, string name, string returns, IReadOnlySet<string> flags, IReadOnlyList<ApiParameter> parameters, bool special)
    {
        bool isStatic = flags.Contains("static");
        BlobBuilder signature = new();
        new BlobEncoder(signature).MethodSignature(isInstanceMethod: !isStatic).Parameters(parameters.Count, r => Returns(r, returns), p =>
        {
            foreach (ApiParameter parameter in parameters)
            {
                bool byRef = parameter.Type.EndsWith('&');
                Encode(p.AddParameter().Type(byRef), byRef ? parameter.Type[..^1] : parameter.Type);
            }
        });
        ParameterHandle first = MetadataTokens.ParameterHandle(_nextParameter);
        for (int i = 0; i < parameters.Count; i++)
        {
            ApiParameter parameter = parameters[i];
            object? value = parameter.Default is null ? null : ParseConstant(parameter.Type, parameter.Default);
            bool optional = parameter.Default == "null" || value is not null;
            ParameterAttributes attributes = (parameter.IsOut ? ParameterAttributes.Out : 0) | (optional ? ParameterAttributes.Optional | ParameterAttributes.HasDefault : 0);
            ParameterHandle handle = _metadata.AddParameter(attributes, _metadata.GetOrAddString(parameter.Name), i + 1);
            _nextParameter++;
            if (optional)
            {
                _metadata.AddConstant(handle, value);
            }

            if (parameter.IsParams)
            {
                _metadata.AddCustomAttribute(handle, _paramArray, EmptyAttribute());
            }
        }

        MethodAttributes access = (flags.Contains("protected") ? MethodAttributes.Family : MethodAttributes.Public) | MethodAttributes.HideBySig;
        access |= isStatic ? MethodAttributes.Static : 0;
        access |= special ? MethodAttributes.SpecialName : 0;
        access |= name[0] == '.' ? MethodAttributes.RTSpecialName : 0;
        access |= flags.Contains("abstract") ? MethodAttributes.Abstract | MethodAttributes.Virtual | MethodAttributes.NewSlot : 0;
        access |= flags.Contains("virtual") ? MethodAttributes.Virtual | MethodAttributes.NewSlot : 0;
        access |= flags.Contains("override") ? MethodAttributes.Virtual : 0;
        MethodDefinitionHandle method = _metadata.AddMethodDefinition(
            access, type.Kind == "delegate" ? MethodImplAttributes.Runtime : MethodImplAttributes.IL,
            _metadata.GetOrAddString(name), _metadata.GetOrAddBlob(signature), -1, first);
        _nextMethod++;
        return method;
    }

    private void AddProperty(ApiType type, ApiMember member, TypeDefinitionHandle handle)
    {
        BlobBuilder signature = new();
        new BlobEncoder(signature).PropertySignature(!member.Flags.Contains("static")).Parameters(
            member.Parameters.Count, r => Encode(r.Type(), member.Type), p =>
            {
                foreach (ApiParameter parameter in member.Parameters)
                {
                    Encode(p.AddParameter().Type(), parameter.Type);
                }
            });
        PropertyDefinitionHandle property = _metadata.AddProperty(PropertyAttributes.None, _metadata.GetOrAddString(member.Name), _metadata.GetOrAddBlob(signature));
        _properties.Add(property);
        if (member.Get)
        {
            _metadata.AddMethodSemantics(property, MethodSemanticsAttributes.Getter, AddMethod(type, "get_" + member.Name, member.Type, member.Flags, member.Parameters, special: true));
        }

        if (member.Set)
        {
            _metadata.AddMethodSemantics(property, MethodSemanticsAttributes.Setter, AddMethod(
                type, "set_" + member.Name, "System.Void", member.Flags, [.. member.Parameters, new ApiParameter(member.Type, "value", false, false, null)], special: true));
        }

        if (member.Parameters.Count > 0)
        {
            BlobBuilder value = new();
            new BlobEncoder(value).CustomAttributeSignature(f => f.AddArgument().Scalar().Constant(member.Name), n => n.Count(0));
            _metadata.AddCustomAttribute(handle, _defaultMember, _metadata.GetOrAddBlob(value));
        }
    }

    private void AddEvent(ApiType type, ApiMember member)
    {
        EventDefinitionHandle @event = _metadata.AddEvent(EventAttributes.None, _metadata.GetOrAddString(member.Name), Handle(member.Type));
        _events.Add(@event);
        ApiParameter[] value = [new(member.Type, "value", false, false, null)];
        _metadata.AddMethodSemantics(@event, MethodSemanticsAttributes.Adder, AddMethod(type, "add_" + member.Name, "System.Void", member.Flags, value, special: true));
        _metadata.AddMethodSemantics(@event, MethodSemanticsAttributes.Remover, AddMethod(type, "remove_" + member.Name, "System.Void", member.Flags, value, special: true));
    }

    private void Returns(ReturnTypeEncoder encoder, string type)
    {
        if (type == "System.Void")
        {
            encoder.Void();
        }
        else
        {
            bool byRef = type.EndsWith('&');
            Encode(encoder.Type(byRef), byRef ? type[..^1] : type);
        }
    }

    private void Encode(SignatureTypeEncoder encoder, string type)
    {
        if (type.EndsWith("[]", StringComparison.Ordinal))
        {
            Encode(encoder.SZArray(), type[..^2]);
        }
        else if (Primitive(type) is { } primitive)
        {
            encoder.PrimitiveType(primitive);
        }
        else if (type == "System.Object")
        {
            encoder.Object();
        }
        else
        {
            ApiType declared = _types[MetadataTokens.GetRowNumber(Handle(type)) - 2];
            encoder.Type(Handle(type), declared.Kind is "struct" or "enum");
        }
    }

    private TypeDefinitionHandle Handle(string type) => _handles.TryGetValue(type, out TypeDefinitionHandle handle)
        ? handle
        : _handles["System.Object"]; // a type that only generic or internal declarations need

    private BlobHandle EmptyAttribute() => _metadata.GetOrAddBlob(ImmutableArray.Create<byte>(1, 0, 0, 0));

    private static PrimitiveTypeCode? Primitive(string type) => type switch
    {
        "System.Boolean" => PrimitiveTypeCode.Boolean,
        "System.Char" => PrimitiveTypeCode.Char,
        "System.SByte" => PrimitiveTypeCode.SByte,
        "System.Byte" => PrimitiveTypeCode.Byte,
        "System.Int16" => PrimitiveTypeCode.Int16,
        "System.UInt16" => PrimitiveTypeCode.UInt16,
        "System.Int32" => PrimitiveTypeCode.Int32,
        "System.UInt32" => PrimitiveTypeCode.UInt32,
        "System.Int64" => PrimitiveTypeCode.Int64,
        "System.UInt64" => PrimitiveTypeCode.UInt64,
        "System.Single" => PrimitiveTypeCode.Single,
        "System.Double" => PrimitiveTypeCode.Double,
        "System.IntPtr" => PrimitiveTypeCode.IntPtr,
        "System.UIntPtr" => PrimitiveTypeCode.UIntPtr,
        "System.String" => PrimitiveTypeCode.String,
        _ => null,
    };

    private static object? ParseConstant(string type, string text) => type switch
    {
        "System.Boolean" => bool.TryParse(text, out bool b) ? b : null,
        "System.SByte" => sbyte.Parse(text, CultureInfo.InvariantCulture),
        "System.Byte" => byte.Parse(text, CultureInfo.InvariantCulture),
        "System.Int16" => short.Parse(text, CultureInfo.InvariantCulture),
        "System.UInt16" => ushort.Parse(text, CultureInfo.InvariantCulture),
        "System.Int32" => int.Parse(text, CultureInfo.InvariantCulture),
        "System.UInt32" => uint.Parse(text, CultureInfo.InvariantCulture),
        "System.Int64" => long.Parse(text, CultureInfo.InvariantCulture),
        "System.UInt64" => ulong.Parse(text, CultureInfo.InvariantCulture),
        _ => null,
    };
}
