import {
  always,
  close,
  type EngineOfItsOwn,
  INSERT,
  loop,
  NOTHING,
  openBranch,
  type Step,
  turn,
} from './tag.ts'

/**
 * `{if $tls}`, `{foreach $sites as $site}`, `{/if}` of Smarty and Latte. To nginx a brace begins a block, whose `if` has
 * brackets and a brace of its own.
 */
export const smartyTags: EngineOfItsOwn = {
  marks: ['{if ', '{foreach ', '{section ', '{for '],
  proof: /^[^#\n]*\{(?:if|foreach|section|for)[ \t]+[^{}$;\n]{0,300}\$[^{};\n]{0,300}\}/m,
  pattern:
    /(?<![$%{\\])\{(?:\*[\s\S]{0,2000}?\*|(?<end>\/)(?<closed>if|foreach|section|for|while|literal|strip|block|capture|function)|(?<word>if|elseif|foreach|section|for|while|include|assign|block|capture|function)[ \t]+(?<rest>[^{};\n]{0,300})|(?<bare>else|elseif|foreachelse|sectionelse|literal|strip|ldelim|rdelim))\}/g,
  stepsOf: ({ closed, word, rest = '', bare }) => {
    if (closed !== undefined) return [close(closed)]
    if (word !== undefined) return opened(word, rest)
    if (bare === undefined) return NOTHING
    if (bare.endsWith('else')) return [turn(null)]
    return bare.endsWith('delim') ? NOTHING : [always(bare)]
  },
  hasExpressions: false,
}

function opened(word: string, rest: string): readonly Step[] {
  switch (word) {
    case 'if':
      return [openBranch(word, rest)]
    case 'elseif':
      return [turn(rest)]
    case 'include':
      return INSERT
    case 'assign':
      return [{ does: 'assign', name: /\w+/.exec(rest)?.[0] ?? '' }]
    case 'block':
    case 'capture':
    case 'function':
      return [always(word)]
    default:
      return [loop(word)]
  }
}
