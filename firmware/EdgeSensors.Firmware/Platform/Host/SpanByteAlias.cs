// nanoFramework's only span is SpanByte.
global using SpanByte = System.Span<byte>;
