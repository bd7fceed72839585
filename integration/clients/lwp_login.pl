# Logs in three times with one user agent: lwp_login.pl bytes|text URL USER PASSWORD
#
# The password is given to LWP as UTF-8 bytes, or as text. Prints one line for
# each call: the status, a space, and the body's first line.
use strict;
use warnings;
use Encode;
use LWP::UserAgent;

my ($form, $url, $user, $password) = @ARGV;
$password = Encode::decode('UTF-8', $password) if $form eq 'text';
my $agent = LWP::UserAgent->new(timeout => 50, env_proxy => 0);
$agent->credentials(URI->new($url)->host_port, 'cmwell', $user, $password);
for (1 .. 3) {
    my $answer = $agent->get($url);
    my ($line) = split /\n/, $answer->content;
    print $answer->code, ' ', $line, "\n";
}
