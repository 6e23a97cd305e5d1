import { close, type EngineOfItsOwn, NOTHING, openBranch, turn } from './tag.ts'

/** Lines of DirectAdmin’s templates: `|*if SUPHP="1"|`, `*else`, `|*endif|`, and `|?DOCROOT=…|`, which sets a word. */
export const directAdminTags: EngineOfItsOwn = {
  marks: ['*if ', '|?'],
  proof: /^[ \t]*\|?\*endif\b|^[ \t]*\|\?[A-Z][A-Z\d_]*=[^\n]*\|[ \t]*\r?$/m,
  pattern:
    /(?<=^[ \t]*)(?:\|?\*(?<word>if|elseif|else|endif)\b(?<rest>[^|\n]*)\|?|\|\?[A-Z][A-Z\d_]*=[^\n]*\|)(?=[ \t]*\r?$)/gm,
  stepsOf: ({ word, rest = '' }) => {
    switch (word) {
      case 'if':
        return [openBranch(null, rest)]
      case 'elseif':
        return [turn(rest)]
      case 'else':
        return [turn(null)]
      case 'endif':
        return [close(null)]
      default:
        return NOTHING
    }
  },
  hasExpressions: false,
}
