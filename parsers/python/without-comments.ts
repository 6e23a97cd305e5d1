/** A module's text with blanks in place of its comments, so that offsets stay; `#` in a text is taken for one, too. */
export function withoutComments(text: string): string {
  return text.replace(/#[^\n]*/g, comment => ' '.repeat(comment.length))
}
