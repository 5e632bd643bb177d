"""Scripts for the differential test: made by grammar from a seed, so that every run has the same ones."""
import random
import re

VALUES = ["a", "b", "7", '""', '"b c"', '" d  e "', '"f\\ng\\n"', '"h:i:j"', '"1:k,3:l m,"', "$A", "${A}", "x${A}y", "$B", '"${B} $A"', "\\\\${A}",
          '"\\\\\\\\${A}"', "$A$B", "$AB", "${A", "\\{", '"}"', "a\\ b", '"\\x\\0x41\\102"', "$C", "${C}", "x${C}${A}", "-", "--", "=", "a=b", "*", "f*", "/"]
NAMES = ["A", "B", "C"]
WORDS = VALUES + ["z", "w", "v"] * 3
CODES = ["0", "1", "2", "3", "7", "100", "126", "127", "128", "130", "200", "255", "-9", "-15", "-6"]
SPLITS = ["", "", "-s ", "-sC ", "-sn ", "-sCn ", "-n ", "-C ", "-Nc ", "-s -d: ", "-sd \" \" ", "-sd \"\" "]
SUBJECTS = ["a", "b", "A", "bbc", "7", '""', "ab", '"b c"', "xay", "-", "a=b", "*", "x$A"]
ITEMS = ["", "-E ", "-N ", "-C ", "-d: ", '-d " " ']
FILES = ["A=b", '"A = b c "', '"#c\\nB=\\"x\\""', "A"]
STATES = ["p $A $B ${C}", "probe $A", "probe ${A} $B", "probe", "p", "x 0", "x 3", "exit 4", "exit", "exit 300", 'exit ""', "nosuch a", "/etc/passwd",
          "p x${A}y ${B}", "p $# $0 $1 ${2} $@", "p x$@", "importas -D none A A p $A", "importas ? ? p $?", "importas B B importas A A p $A$B", "dollarat", "r"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, choices):
        return self.random.choice(choices)

    def some(self, most):
        return " ".join(self.one(WORDS) for _ in range(self.random.randint(0, most)))

    def name(self):
        return self.one(NAMES) if self.random.random() < 0.97 else self.one(["0", '""', "A=B", "?", "#"])

    def program(self, depth):
        """What a block does: short, and it ends."""
        if depth > 0 and self.random.random() < 0.4:
            return self.chain(depth - 1)
        return self.one(["p a", "p $A ${B}", f"x {self.one(CODES)}", "x 0", "x 0", "x 1", "p", "nosuch", "exit 3", f"exit {self.one(['0', '255', '256'])}",
                         "redirfd -w 1 f p $A", "redirfd -a 1 g p b", "importas A A p $A"])

    def expression(self):
        simple = ["a", '""', "a = a", "a = b", "$A = a", "-n $A", "-z \"${B}\"", "1 -eq 1", "2 -lt 1", "-e f", "-f f", "-d .", "! a", "! -e f", "( a )",
                  "a -a b", "\"\" -o b", "$A =~ \"a|b\"", "x$A != x", "1 -eq x", "-v A", "\\\\-n", "a b", "! ( a -a \"\" )", "-s f", "-r f", "-x /bin/sh"]
        return " ".join(self.one(simple) if i % 2 == 0 else self.one(["-a", "-o"]) for i in range(self.one([1, 1, 3])))

    def pattern(self):
        return self.one(["a", "b.*", '"(a)(b)?"', '"[a-c]+"', '"x(.*)y"', "7", '".*"', '"^$"', '"("', '"(a|b|7)"'])

    def condition(self, depth):
        return self.one([f"eltest {self.expression()}", f"x {self.one(CODES)}", "x 0", "x 1", self.program(depth)])

    def directive(self):
        return self.one([lambda: f"define {self.one(SPLITS)}{self.name()} {self.one(VALUES)}",
                         lambda: f"importas {self.one(['', '-i ', '-D d ', '-u ', '-uD d '])}{self.one(SPLITS)}{self.name()} {self.name()}",
                         lambda: "elgetpositionals", lambda: f"elglob -s {self.name()} {self.one(['f*', '*', 'nosuch*', '[fg]'])}",
                         lambda: f"elglob -s0 {self.name()} nosuch*",
                         lambda: f"multidefine {self.one(['', '-0 ', '-r ', '-C '])}{self.one(VALUES)} {{ {self.one(['A B', 'A', 'B C', 'A B C'])} }}"])()

    # Everything that may stand in a chain, with its weight.
    def link(self, depth):
        inside = lambda: self.program(depth)
        parts = [
            (6, lambda: f"export {self.name()} {self.one(VALUES)}"), (2, lambda: f"unexport {self.name()}"), (14, self.directive),
            (3, lambda: "multisubstitute { " + " ".join(self.directive() for _ in range(self.random.randint(0, 3))) + " }"),
            (4, lambda: f"backtick {self.one(['', '-N ', '-n ', '-E ', '-i '])}{self.name()} {{ {inside()} }}"),
            (6, lambda: f"foreground {{ {inside()} }}"), (2, lambda: f"background {{ {inside()} }} wait {{ }}"),
            (2, lambda: f"background {{ {inside()} }} wait {self.one(['', '-o ', '-a '])}{{ }}"),
            (4, lambda: f"if {self.one(['', '-n ', '-X ', '-t ', '-x 9 ', '-nX '])}{{ {self.condition(depth)} }}"),
            (2, lambda: f"ifelse {self.one(['', '-n ', '-X '])}{{ {self.condition(depth)} }} {{ {inside()} }}"),
            (1, lambda: f"ifthenelse {self.one(['', '-X '])}{{ {self.condition(depth)} }} {{ {inside()} }} {{ {inside()} }}"),
            (3, lambda: f"case {self.one(['', '-N ', '-i ', '-e '])}{self.one(SUBJECTS)} {{ {self.pattern()} {{ {inside()} }} {self.pattern()} {{ {inside()} }} }}"),
            (2, lambda: f"case -s{self.one(['', 'i', 'N'])} {self.one(VALUES)} {{ {self.one(['a*', '*', '?', '[ab]', '/*'])} {{ {inside()} }} }}"),
            (1, lambda: f"foreground {{ forx -p {self.one(['', '-E ', '-o 0 ', '-x 3,1 '])}{self.name()} {{ {self.some(3)} }} {self.one(['x 3', 'x 0', 'importas A A x 1'])} }}"),
            (2, lambda: f"foreground {{ forx {self.one(['', '-E ', '-o 0,3 ', '-x 3,1 '])}{self.name()} {{ {self.some(3)} }} {inside()} }}"),
            (2, lambda: f"foreground {{ forbacktickx {self.one(['', '-E ', '-N ', '-C ', '-d: '])}{self.name()} {{ p {self.some(2)} }} {self.one(['p $A', 'importas A A p $A', 'x 1'])} }}"),
            (2, lambda: f"foreground {{ heredoc 0 {self.one(VALUES)} forstdin {self.one(ITEMS)}{self.name()} {self.one(['p $A', 'importas A A p $A', 'x 3'])} }}"),
            (3, lambda: f"heredoc {self.one(['0', '0', '5'])} {self.one(VALUES)}"),
            (2, lambda: f"heredoc 0 {self.one(VALUES)} withstdinas {self.one(['', '-N ', '-n ', '-E '])}{self.name()}"),
            (2, lambda: f"pipeline {{ p {self.some(3)} }} withstdinas {self.name()}"),
            (4, lambda: f"redirfd -{self.one(['w', 'a', 'u', 'r', 'x', 'wb', 'rb'])} {self.one(['1', '0', '5', '2'])} {self.one(['f', 'g', 'nosuch/f', 'h'])}"),
            (3, lambda: f"fdmove {self.one(['', '-c '])}{self.one(['1 2', '5 1', '6 5', '2 1', '0 5', '1 1', '5 9'])}"),
            (1, lambda: f"fdclose {self.one(['0', '5', '9', '1', 'x'])}"), (1, lambda: f"fdswap {self.one(['1 2', '1 5', '5 5', '2 5'])}"),
            (1, lambda: f"piperw {self.one(['5 6', '6 5', '4 3', '8 9'])}"), (1, lambda: f"fdreserve {self.one(['0', '1', '3'])}"),
            (1, lambda: f"fdblock {self.one(['', '-n '])}{self.one(['0', '5', '1'])}"),
            (2, lambda: f"cd {self.one(['.', 'd', 'd/..', 'nosuch', 'g'])}"), (1, lambda: f"umask {self.one(['077', '22', '0', '9', '027'])}"),
            (1, lambda: f"emptyenv {self.one(['-p', '-c -p', '-P', '-o', '-oP', '-c'])}"), (1, lambda: f"getcwd {self.one(['', '-E '])}{self.name()}"),
            (1, lambda: f"exec {self.one(['', '-c ', '-a q ', '-l '])}"), (2, lambda: f"tryexec {self.one(['', '-n ', '-c '])}{{ {self.one([inside(), 'nosuch', '/etc'])} }}"),
            (1, lambda: f"foreground {{ redirfd -w 1 v heredoc 0 {self.one(FILES)} withstdinas X importas -u X X echo $X }} envfile v"),
            (1, lambda: f"shift {self.one(['', '-n 2 ', '-n 0 '])}"), (1, lambda: "elgetopt ab:"), (1, lambda: f"elgetpositionals {self.one(['', '-P 3 '])}"),
            (1, lambda: f"execlineb {self.one(['-P', '-S1', '-s1', '', '-p'])} -c \"{self.one(['p $1', 'probe', 'shift p $1', 'dollarat', 'exit 5'])}\" {self.some(2)} "),
            (1, lambda: f"ifte {{ {inside()} }} {{ {inside()} }}"), (1, lambda: "trap { TERM { p } default { p } }"),
            (1, lambda: f"foreground {{ foreground {{ redirfd -w 1 loop p }} loopwhilex foreground {{ redirfd -x 1 once p }} if {{ eltest -s once }} x {self.one(['1', '3'])} }}"),
        ]
        return self.random.choices(parts, [weight for weight, _ in parts])[0][1]()

    def chain(self, depth, last=()):
        links = [self.link(depth) for _ in range(self.one([1, 1, 2, 2, 3, 4]))]
        return " ".join([*links, *last, self.one(STATES)])

    def spoil(self, script):
        """One in a while something is missing, too much or cut off."""
        words = script.split(" ")
        at = self.random.randrange(len(words))
        how = self.random.randrange(4)
        if how == 0:
            del words[at]
        elif how == 1:
            words.insert(at, words[self.random.randrange(len(words))])
        elif how == 2:
            words[at] = self.one(["-z", "x", '""', "{", "}", "{ }", "-", "99999999999999999999", "-1"])
        else:
            words = words[:at]
        return " ".join(words)

    def script(self):
        # Nobody waits for the reader at the other end: what would write beside it has to be over.
        text = self.chain(2, last=self.one([()] * 19 + [("pipeline -w { r }",)]))
        if "ifte " in text:
            text = text.replace("pipeline -w { r } ", "")
        if self.random.random() < 0.15 and not re.search("background|pipeline|forx", text):
            text = self.spoil(text)  # of those that would run side by side the order is not known
        options = self.one([["-P"], ["-P"], ["-S0"], ["-S1"], ["-S3"], ["-s1"], [], ["-p"], ["-WP"], ["-w", "-P"], ["-W", "-S2"], ["-q", "-S1"]])
        arguments = [self.one(["a", "-a", "b c", "", "-bx", "$A", "{", "7"]) for _ in range(self.one([0, 1, 2, 3]))]
        environment = {name: self.one(["a", "b c", "", "x:y", "$B", "1\n2\n"]) for name in NAMES if self.random.random() < 0.4}
        stdin = self.one(["", "one\n", "a\nb\n", "no end", "x y\n\nz\n"])
        return options, text, arguments, environment, stdin
