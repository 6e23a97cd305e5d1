/** Control characters and the ones that turn the direction of text: what a terminal would obey. */
const UNPRINTABLE = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

/** A text of an audited file that no terminal obeys and no line breaks; its length stays. Tabs stay too. */
export function printable(text: string): string {
  return text.search(UNPRINTABLE) === -1 ? text : text.replace(UNPRINTABLE, '\uFFFD')
}
