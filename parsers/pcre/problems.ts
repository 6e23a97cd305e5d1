/** Why PCRE does not compile a pattern. */
export interface PcreProblem {
  readonly code: PcreProblemCode
  /** Where the library noticed it: a UTF-16 offset into the pattern. */
  readonly offset: number
}

export type PcreProblemCode = keyof typeof MESSAGES

/** The library's own words, those of PCRE2 10.42 where the generations differ. */
const MESSAGES = {
  'backslash-at-end': '\\ at end of pattern',
  'control-at-end': '\\c at end of pattern',
  'unknown-escape': 'unrecognized character follows \\',
  'quantifier-out-of-order': 'numbers out of order in {} quantifier',
  'quantifier-too-big': 'number too big in {} quantifier',
  'unclosed-class': 'missing terminating ] for character class',
  'escape-in-class': 'escape sequence is invalid in character class',
  'range-out-of-order': 'range out of order in character class',
  'nothing-to-repeat': 'quantifier does not follow a repeatable item',
  'unknown-option': 'unrecognized character after (? or (?-',
  'posix-class-outside': 'POSIX named classes are supported only within a class',
  'collating-element': 'POSIX collating elements are not supported',
  'unclosed-group': 'missing closing parenthesis',
  'no-such-group': 'reference to non-existent subpattern',
  'unclosed-comment': 'missing ) after (?# comment',
  'nested-too-deeply': 'parentheses are too deeply nested',
  'too-large': 'regular expression is too large',
  'unmatched-parenthesis': 'unmatched closing parenthesis',
  'unclosed-condition': 'missing closing parenthesis for condition',
  'lookbehind-not-fixed': 'lookbehind assertion is not fixed length',
  'relative-zero': 'a relative value of zero is not allowed',
  'too-many-branches': 'conditional subpattern contains more than two branches',
  'assertion-expected': 'assertion expected after (?( or (?(?C)',
  'digit-expected': 'digit expected after (?+ or (?-',
  'unknown-posix-class': 'unknown POSIX class name',
  'code-too-large': 'character code point value in \\x{} or \\o{} is too large',
  'lookbehind-too-complicated': 'lookbehind is too complicated',
  'byte-in-lookbehind': '\\C is not allowed in a lookbehind assertion in UTF-8 mode',
  'unsupported-escape': 'PCRE2 does not support \\F, \\L, \\l, \\N{name}, \\U, or \\u',
  'callout-too-big': 'number after (?C is greater than 255',
  'unclosed-callout': 'closing parenthesis for (?C expected',
  'unknown-python-group': 'unrecognized character after (?P',
  'unterminated-name': 'syntax error in subpattern name (missing terminator?)',
  'duplicate-name': 'two named subpatterns have the same name (PCRE2_DUPNAMES not set)',
  'name-begins-with-digit': 'subpattern name must start with a non-digit',
  'malformed-property': 'malformed \\P or \\p sequence',
  'unknown-property': 'unknown property after \\P or \\p',
  'name-too-long': 'subpattern name is too long (maximum 32 code units)',
  'too-many-names': 'too many named subpatterns (maximum 10000)',
  'invalid-range': 'invalid range in character class',
  'octal-too-large': 'octal value is greater than \\377 in 8-bit non-UTF-8 mode',
  'too-many-define-branches': 'DEFINE subpattern contains more than one branch',
  'no-brace-after-o': 'missing opening brace after \\o',
  'no-group-after-g':
    '\\g is not followed by a braced, angle-bracketed, or quoted name/number or by a plain number',
  'unclosed-recursion': '(?R (recursive pattern call) must be followed by a closing parenthesis',
  'endless-recursion': 'recursive call could loop indefinitely',
  'verb-argument': 'an argument is not allowed for (*ACCEPT), (*FAIL), or (*COMMIT)',
  'unknown-verb': '(*VERB) not recognized or malformed',
  'group-number-too-big': 'subpattern number is too big',
  'name-expected': 'subpattern name expected',
  'non-octal': 'non-octal character in \\o{} (closing brace missing?)',
  'different-names': 'different names for subpatterns of the same number are not allowed',
  'mark-without-argument': '(*MARK) must have an argument',
  'non-hexadecimal': 'non-hex character in \\x{} (closing brace missing?)',
  'control-not-printable': '\\c must be followed by a printable ASCII character',
  'no-name-after-k': '\\k is not followed by a braced, angle-bracketed, or quoted name',
  'not-newline-in-class': '\\N is not supported in a class',
  surrogate: 'disallowed Unicode code point (>= 0xd800 && <= 0xdfff)',
  'verb-name-too-long': 'name is too long in (*MARK), (*PRUNE), (*SKIP), or (*THEN)',
  'no-digits': 'digits missing in \\x{} or \\o{} or \\N{U+}',
  'bad-version-condition': 'syntax error or number too big in (?(VERSION condition',
  'unclosed-callout-string': 'missing terminating delimiter for callout with string argument',
  'unknown-callout-delimiter': 'unrecognized string delimiter follows (?C',
  'lookbehind-too-long': 'lookbehind assertion is too long',
  'code-point-without-utf': '\\N{U+dddd} is supported only in Unicode (UTF) mode',
  'invalid-hyphen': 'invalid hyphen in option setting',
  'unknown-assertion': '(*alpha_assertion) not recognized',
  'too-many-groups': 'too many capturing groups (maximum 65535)',
  'atomic-assertion-expected': 'atomic assertion expected after (?( or (?(?C)',
  'keep-in-lookaround': '\\K is not allowed in lookarounds (but see PCRE2_EXTRA_ALLOW_LOOKAROUND_BSK)',
  'not-utf': 'UTF-8 error in the pattern',
} as const

/** The library's message for a problem. */
export function pcreMessage(code: PcreProblemCode): string {
  return MESSAGES[code]
}
