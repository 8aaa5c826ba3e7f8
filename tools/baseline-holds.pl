#!/usr/bin/env perl
# Fails unless a baseline has a figure of every subject that is named, and says why there is none.
#
#   tools/baseline-holds.pl target/baseline/baseline.json SUBJECT...
use strict;
use warnings;
use JSON::PP;

my ($file, @wanted) = @ARGV;
die "usage: baseline-holds.pl BASELINE SUBJECT...\n" unless @wanted;
open(my $in, '<', $file) or die "baseline-holds: $file: $!\n";
my $baseline = decode_json(do { local $/; <$in> });
my (%figures, %why);
$figures{ $_->{subject} }++ for @{ $baseline->{metrics} };
for my $row (@{ $baseline->{unavailable} || [] }) {
    $why{ $row->{subject} } ||= "$row->{reason} (remedy: $row->{remedy})";
}
my $missing = 0;
for my $subject (@wanted) {
    if ($figures{$subject}) {
        print "baseline-holds: $subject: $figures{$subject} figures\n";
    } else {
        print "baseline-holds: $subject: no figure; ", $why{$subject} || 'and no row that says why', "\n";
        $missing++;
    }
}
exit($missing ? 1 : 0);
