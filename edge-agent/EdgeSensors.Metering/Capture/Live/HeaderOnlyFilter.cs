using static EdgeSensors.Metering.Capture.Live.BpfOpcode;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>
/// The kernel's part of the wall "metadata only": a classic BPF program whose result, the snap length, is where a frame's headers end, so that
/// payload is never copied to this process.
/// </summary>
/// <remarks>
/// What is kept: TCP to its data offset (RFC 9293, 3.1); UDP, ICMP and ICMPv6 8 bytes; SCTP 12 (RFC 9260, 3.1). Of an ICMP error also the quoted IP
/// header, its extension headers and, where TCP, UDP, ICMP or SCTP follows, 8 bytes of that. A non-first fragment and any other protocol to the end
/// of the IP header. IPv6 hop-by-hop, routing, destination options, fragment (RFC 8200), authentication (RFC 4302), mobility, HIP and Shim6 headers
/// are followed <see cref="ExtensionHeaderDepth"/> deep. Up to <see cref="VlanTagDepth"/> inline VLAN tags; LLC/SNAP. Of what is not IP, the link header.
/// A load beyond the end of a frame would end the program with 0 and lose the frame unseen, so each is preceded by a check of the length.
/// Invariant: X is the start of the current header and never beyond the frame's end.
/// </remarks>
internal static class HeaderOnlyFilter
{
    /// <summary>How many IPv6 extension headers are followed; a longer chain is cut where the last of them ends.</summary>
    public const int ExtensionHeaderDepth = 8;

    /// <summary>How many inline VLAN tags are followed (802.1Q, 802.1ad and the older 0x9100, 0x9200, 0x9300).</summary>
    public const int VlanTagDepth = 4;

    private const int HeaderLengthCell = 0;
    private const int ProtocolCell = 1;
    private const int KindCell = 2;

    private const uint PacketOutgoing = 4;

    /// <summary>The program for an interface of the given kind.</summary>
    public static BpfInstruction[] Build(LinkKind link) => new Builder().Build(link);

    private sealed class Builder
    {
        private readonly BpfAssembler _asm = new();
        private readonly SortedDictionary<uint, BpfLabel> _endAfter = [];
        private readonly BpfLabel _discard = new();
        private readonly BpfLabel _ipv4 = new();
        private readonly BpfLabel _ipv6 = new();
        private readonly BpfLabel _tcp = new();
        private readonly BpfLabel _icmp = new();
        private readonly BpfLabel _icmpv6 = new();

        public BpfInstruction[] Build(LinkKind link)
        {
            if (link == LinkKind.Loopback)
            {
                // The loopback interface shows each frame twice, leaving and arriving.
                _asm.Emit(LoadWordAbsolute, AncillaryPacketType).JumpIf(JumpEqualConstant, PacketOutgoing, _discard);
            }

            if (link != LinkKind.RawIp)
            {
                CommonEthernet();
            }

            _asm.Emit(LoadXImmediate, 0);
            if (link == LinkKind.RawIp)
            {
                _asm.Emit(LoadWordAbsolute, AncillaryProtocol)
                    .JumpIf(JumpEqualConstant, 0x0800, _ipv4)
                    .JumpIf(JumpEqualConstant, 0x86DD, _ipv6)
                    .Jump(_discard);
            }
            else
            {
                Ethernet();
            }

            Ipv4();
            Ipv6();
            Tcp();
            Icmp();
            Icmpv6();
            Ends();
            return _asm.Assemble();
        }

        /// <summary>
        /// The frames that nearly all traffic consists of (untagged, no IPv4 options or IPv6 extension headers, TCP or UDP), by absolute loads, which
        /// cost the kernel a quarter. Whatever is not so falls through to the rest, which knows everything.
        /// </summary>
        private void CommonEthernet()
        {
            var (ipv6, other) = (new BpfLabel(), new BpfLabel());
            _asm.Emit(LoadLength).JumpIf(JumpGreaterOrEqualConstant, 14 + 20 + 20, null, other)
                .Emit(LoadHalfAbsolute, 12).JumpIf(JumpEqualConstant, 0x0800, null, ipv6)
                .Emit(LoadByteAbsolute, 14).JumpIf(JumpEqualConstant, 0x45, null, other)
                .Emit(LoadHalfAbsolute, 20).JumpIf(JumpAnySetConstant, 0x1FFF, other);
            CommonTransport(protocolAt: 23, transport: 34, other);

            _asm.Place(ipv6).JumpIf(JumpEqualConstant, 0x86DD, null, other)
                .Emit(LoadLength).JumpIf(JumpGreaterOrEqualConstant, 14 + 40 + 20, null, other)
                .Emit(LoadByteAbsolute, 14).Emit(AndConstant, 0xF0).JumpIf(JumpEqualConstant, 0x60, null, other);
            CommonTransport(protocolAt: 20, transport: 54, other);
            _asm.Place(other);
        }

        private void CommonTransport(uint protocolAt, uint transport, BpfLabel other)
        {
            var tcp = new BpfLabel();
            _asm.Emit(LoadByteAbsolute, protocolAt)
                .JumpIf(JumpEqualConstant, 6, tcp)
                .JumpIf(JumpEqualConstant, 17, null, other)
                .Emit(ReturnConstant, transport + 8)
                .Place(tcp)
                .Emit(LoadByteAbsolute, transport + 12).Emit(ShiftRightConstant, 2).Emit(AndConstant, 0x3C)
                .JumpIf(JumpGreaterOrEqualConstant, 20, null, other)
                .Emit(AddConstant, transport)
                .Emit(ReturnA);
        }

        private void Ethernet()
        {
            Require(14);
            var untagged = new BpfLabel();
            for (var depth = 0; depth < VlanTagDepth; depth++)
            {
                var tagged = new BpfLabel();
                _asm.Emit(LoadHalfIndirect, 12)
                    .JumpIf(JumpEqualConstant, 0x8100, tagged)
                    .JumpIf(JumpEqualConstant, 0x88A8, tagged)
                    .JumpIf(JumpEqualConstant, 0x9100, tagged)
                    .JumpIf(JumpEqualConstant, 0x9200, tagged)
                    .JumpIf(JumpEqualConstant, 0x9300, tagged, untagged)
                    .Place(tagged);
                Advance(4);

                // A frame that ends inside its tags is all header.
                Require(14);
            }

            _asm.Emit(LoadHalfIndirect, 12).Place(untagged);
            NetworkBehind(14, otherwise: null);

            // IEEE 802.3 with LLC and SNAP (RFC 1042): a length, AA AA 03, organisation 0, then the EtherType.
            _asm.JumpIf(JumpGreaterOrEqualConstant, 1501, EndAfter(14));
            _asm.Emit(LoadLength).Emit(SubtractX).JumpIf(JumpGreaterOrEqualConstant, 22, null, EndAfter(14))
                .Emit(LoadWordIndirect, 14).JumpIf(JumpEqualConstant, 0xAAAA0300, null, EndAfter(14))
                .Emit(LoadHalfIndirect, 18).JumpIf(JumpEqualConstant, 0, null, EndAfter(14))
                .Emit(LoadHalfIndirect, 20);
            NetworkBehind(22, otherwise: EndAfter(22));
        }

        /// <summary>With an EtherType in A: on to the IP header that lies so many bytes behind X.</summary>
        private void NetworkBehind(uint linkHeaderLength, BpfLabel? otherwise)
        {
            var (v4, v6, other) = (new BpfLabel(), new BpfLabel(), new BpfLabel());
            _asm.JumpIf(JumpEqualConstant, 0x0800, v4)
                .JumpIf(JumpEqualConstant, 0x86DD, v6, otherwise ?? other)
                .Place(v4);
            Advance(linkHeaderLength);
            _asm.Jump(_ipv4).Place(v6);
            Advance(linkHeaderLength);
            _asm.Jump(_ipv6).Place(other);
        }

        // RFC 791, 3.1.
        private void Ipv4()
        {
            _asm.Place(_ipv4);
            RequireIPv4();
            _asm.Emit(AndConstant, 0x0F).Emit(ShiftLeftConstant, 2).Emit(Store, HeaderLengthCell)
                .Emit(LoadByteIndirect, 9).Emit(Store, ProtocolCell);

            var first = new BpfLabel();
            _asm.Emit(LoadHalfIndirect, 6).JumpIf(JumpAnySetConstant, 0x1FFF, null, first)
                .Emit(LoadMemory, HeaderLengthCell).Emit(AddX).Emit(ReturnA)
                .Place(first)
                .Emit(LoadMemory, HeaderLengthCell);
            AdvanceByA();
            _asm.Emit(LoadMemory, ProtocolCell)
                .JumpIf(JumpEqualConstant, 6, _tcp)
                .JumpIf(JumpEqualConstant, 17, EndAfter(8))
                .JumpIf(JumpEqualConstant, 1, _icmp)
                .JumpIf(JumpEqualConstant, 132, EndAfter(12), EndAfter(0));
        }

        // RFC 8200, 3 and 4.
        private void Ipv6()
        {
            _asm.Place(_ipv6);
            RequireIPv6();
            _asm.Emit(LoadByteIndirect, 6).Emit(Store, ProtocolCell);
            Advance(40);
            ExtensionHeaders();
            _asm.JumpIf(JumpEqualConstant, 6, _tcp)
                .JumpIf(JumpEqualConstant, 17, EndAfter(8))
                .JumpIf(JumpEqualConstant, 58, _icmpv6)
                .JumpIf(JumpEqualConstant, 132, EndAfter(12), EndAfter(0));
        }

        /// <summary>Follows the chain from X, whose first header's number is in the protocol cell; leaves the number of what comes after it in A.</summary>
        private void ExtensionHeaders()
        {
            var end = new BpfLabel();
            for (var depth = 0; depth < ExtensionHeaderDepth; depth++)
            {
                var (extension, fragment, authentication, advance) = (new BpfLabel(), new BpfLabel(), new BpfLabel(), new BpfLabel());
                _asm.Emit(LoadMemory, ProtocolCell);
                foreach (var number in (ReadOnlySpan<uint>)[0, 43, 44, 51, 60, 135, 139])
                {
                    _asm.JumpIf(JumpEqualConstant, number, extension);
                }

                _asm.JumpIf(JumpEqualConstant, 140, null, end).Place(extension).Emit(Store, KindCell);
                Require(8);
                _asm.Emit(LoadByteIndirect, 0).Emit(Store, ProtocolCell)
                    .Emit(LoadMemory, KindCell)
                    .JumpIf(JumpEqualConstant, 44, fragment)
                    .JumpIf(JumpEqualConstant, 51, authentication)
                    .Emit(LoadByteIndirect, 1).Emit(AddConstant, 1).Emit(ShiftLeftConstant, 3)
                    .Jump(advance);
                _asm.Place(fragment)
                    .Emit(LoadHalfIndirect, 2).JumpIf(JumpAnySetConstant, 0xFFF8, EndAfter(8))
                    .Emit(LoadImmediate, 8)
                    .Jump(advance);
                _asm.Place(authentication)
                    .Emit(LoadByteIndirect, 1).Emit(AddConstant, 2).Emit(ShiftLeftConstant, 2)
                    .Place(advance);
                AdvanceByA();
            }

            _asm.Place(end).Emit(LoadMemory, ProtocolCell);
        }

        private void Tcp()
        {
            _asm.Place(_tcp);
            Require(20);
            _asm.Emit(LoadByteIndirect, 12).Emit(ShiftRightConstant, 2).Emit(AndConstant, 0x3C)
                .JumpIf(JumpGreaterOrEqualConstant, 20, null, EndAfter(20))
                .Emit(AddX).Emit(ReturnA);
        }

        // RFC 792: destination unreachable, source quench, redirect, time exceeded, parameter problem.
        private void Icmp()
        {
            var error = new BpfLabel();
            _asm.Place(_icmp);
            Require(8);
            _asm.Emit(LoadByteIndirect, 0)
                .JumpIf(JumpEqualConstant, 3, error)
                .JumpIf(JumpEqualConstant, 4, error)
                .JumpIf(JumpEqualConstant, 5, error)
                .JumpIf(JumpEqualConstant, 11, error)
                .JumpIf(JumpEqualConstant, 12, error, EndAfter(8))
                .Place(error);
            Advance(8);
            RequireIPv4();
            _asm.Emit(AndConstant, 0x0F).Emit(ShiftLeftConstant, 2).Emit(Store, HeaderLengthCell);

            // 8 bytes more only where they are a header: of an unknown protocol or a later fragment they would be what somebody said.
            var (bare, quoted) = (new BpfLabel(), new BpfLabel());
            _asm.Emit(LoadHalfIndirect, 6).JumpIf(JumpAnySetConstant, 0x1FFF, bare)
                .Emit(LoadByteIndirect, 9)
                .JumpIf(JumpEqualConstant, 6, quoted)
                .JumpIf(JumpEqualConstant, 17, quoted)
                .JumpIf(JumpEqualConstant, 1, quoted)
                .JumpIf(JumpEqualConstant, 132, quoted)
                .Place(bare)
                .Emit(LoadMemory, HeaderLengthCell).Emit(AddX).Emit(ReturnA)
                .Place(quoted)
                .Emit(LoadMemory, HeaderLengthCell).Emit(AddX).Emit(AddConstant, 8).Emit(ReturnA);
        }

        // RFC 4443, 3: destination unreachable, packet too big, time exceeded, parameter problem.
        private void Icmpv6()
        {
            var error = new BpfLabel();
            _asm.Place(_icmpv6);
            Require(8);
            _asm.Emit(LoadByteIndirect, 0)
                .JumpIf(JumpEqualConstant, 1, error)
                .JumpIf(JumpEqualConstant, 2, error)
                .JumpIf(JumpEqualConstant, 3, error)
                .JumpIf(JumpEqualConstant, 4, error, EndAfter(8))
                .Place(error);
            Advance(8);
            RequireIPv6();
            _asm.Emit(LoadByteIndirect, 6).Emit(Store, ProtocolCell);
            Advance(40);
            ExtensionHeaders();
            _asm.JumpIf(JumpEqualConstant, 6, EndAfter(8))
                .JumpIf(JumpEqualConstant, 17, EndAfter(8))
                .JumpIf(JumpEqualConstant, 58, EndAfter(8))
                .JumpIf(JumpEqualConstant, 132, EndAfter(8), EndAfter(0));
        }

        private void Ends()
        {
            foreach (var (length, label) in _endAfter)
            {
                _asm.Place(label).Emit(CopyXToA);
                if (length > 0)
                {
                    _asm.Emit(AddConstant, length);
                }

                _asm.Emit(ReturnA);
            }

            _asm.Place(_discard).Emit(ReturnConstant, 0);
        }

        /// <summary>Goes on only if the frame holds this many bytes from X; otherwise all that it holds of them is header.</summary>
        private void Require(uint length) =>
            _asm.Emit(LoadLength).Emit(SubtractX).JumpIf(JumpGreaterOrEqualConstant, length, null, EndAfter(length));

        // A fixed header that is not all there, or of another version than the layer below announced, is not known to be one: nothing of it is kept.
        private void RequireIPv4() => _asm
            .Emit(LoadLength).Emit(SubtractX).JumpIf(JumpGreaterOrEqualConstant, 20, null, EndAfter(0))
            .Emit(LoadByteIndirect, 0)
            .JumpIf(JumpGreaterOrEqualConstant, 0x45, null, EndAfter(0))
            .JumpIf(JumpGreaterOrEqualConstant, 0x50, EndAfter(0));

        private void RequireIPv6() => _asm
            .Emit(LoadLength).Emit(SubtractX).JumpIf(JumpGreaterOrEqualConstant, 40, null, EndAfter(0))
            .Emit(LoadByteIndirect, 0).Emit(AndConstant, 0xF0).JumpIf(JumpEqualConstant, 0x60, null, EndAfter(0));

        private void Advance(uint length) => _asm.Emit(CopyXToA).Emit(AddConstant, length).Emit(CopyAToX);

        /// <summary>X += A, unless that lies beyond the frame's end: then the rest of the frame is the header that A measured.</summary>
        private void AdvanceByA() =>
            _asm.Emit(AddX).Emit(CopyAToX).Emit(LoadLength).JumpIf(JumpGreaterOrEqualX, 0, null, EndAfter(0));

        private BpfLabel EndAfter(uint length)
        {
            if (!_endAfter.TryGetValue(length, out var label))
            {
                _endAfter[length] = label = new BpfLabel();
            }

            return label;
        }
    }
}
