#!/usr/bin/env perl
# What the first build of `make bench` and the second do not share: a line for each package. build/alike/README.md says why.
#   tools/alike.pl             lists them
#   tools/alike.pl NAME...     and fails where one is none of these
use strict;
use warnings;
use Digest::MD5 'md5_hex';
use File::Basename 'dirname';

chdir dirname(__FILE__) . '/..' or die "the project's directory: $!\n";
open my $names, '<', 'build/alike/first' or die "build/alike/first: $!\n";
chomp(my $first = <$names>);

# For each package, with its version and features, those that it stands on.
sub tree {
    my ($of, @path) = {};
    open my $lines, '-|', 'cargo', 'tree', '--locked', '-e', 'normal,build,dev', '--prefix', 'depth', '--no-dedupe', '-f', ' {p}|{f}', @_
        or die "cargo tree: $!\n";
    while (<$lines>) {
        my ($depth, $package) = /^(\d+) (.*?)\s*$/ or next;
        $of->{$package} //= {};
        $of->{ $path[$depth - 1] }{$package} = 1 if $depth;
        $path[$depth] = $package;
    }
    close $lines or die "cargo tree failed\n";
    return $of;
}

# As cargo tells two builds of one package apart: by what it is, and by all that it stands on.
sub builds {
    my ($of) = @_;
    my (%known, $build);
    $build = sub {
        my ($package) = @_;
        return $known{$package} //= md5_hex(join "\n", $package, map { $build->($_) } sort keys %{ $of->{$package} });
    };
    return map { $build->($_) => $_ } keys %$of;
}

my %early = builds(tree('--no-default-features', '--features', $first));
my %whole = builds(tree('--features', 'wasmedge'));
my %again = map { (split ' ', $early{$_})[0] => 1 } grep { !$whole{$_} } keys %early;
print "$_\n" for sort keys %again;
delete @again{@ARGV};
exit(@ARGV && %again ? 1 : 0);
