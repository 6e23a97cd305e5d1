/** A character of the password in a URL by which its readers take the URL apart elsewhere. */
export interface UnescapedCharacter {
  readonly character: string
  /** Where it stands in the URL. */
  readonly offset: number
}

/** The user and the password of a URL, and the address behind them that ends it. */
const URL =
  /^([a-z][a-z\d+.-]*:\/\/)([^\s:@/?#]*):(\S+)@(?:[\w.-]+|\[[\da-f:]+\])(?::\d{1,5})?(?:[/?][^@\s]*)?$/i

/**
 * The first of some characters in the password of a URL; null where it has none, and where the text is no URL with a
 * password, or a template or a shell makes some of it.
 */
export function unescapedIn(url: string, characters: string): UnescapedCharacter | null {
  const [, scheme = '', user = '', password] = URL.exec(url) ?? []
  // Brackets change how Python reads the rest, and what is in braces is filled in.
  if (password === undefined || /[[\]{}<>$]/.test(password)) return null
  const index = [...password].findIndex(each => characters.includes(each))
  const character = [...password][index]
  return character === undefined
    ? null
    : { character, offset: scheme.length + user.length + 1 + [...password].slice(0, index).join('').length }
}
