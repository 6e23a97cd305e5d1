import { posix } from 'node:path'
import type { PlainCommand } from '../../../../parsers/shell/plain-commands.ts'
import { isBelow, overlap } from '../../../../parsers/text/is-below.ts'
import { isUnknownWord, type Source } from '../../../../parsers/text/source.ts'
import { matchesName } from '../../../../parsers/wildcard/libc-fnmatch.ts'
import { hasWildcard } from '../../../../parsers/wildcard/tokens.ts'
import { type Build, pathInHome } from './image-tree.ts'
import { readSed, sedEdit } from './sed.ts'

/** What changes no file's content. */
const HARMLESS =
  /^(?:chown|chmod|chgrp|ls|mkdir|test|\[|grep|apt-get|apt|apk|dpkg|service|apache2ctl|apachectl|touch|export|set)$/

/** @returns false where nobody knows what it does to the files of the server */
export function takeCommand(build: Build, words: readonly string[], isPiped: boolean): boolean {
  const [path = '', ...args] = words
  const program = posix.basename(path)
  if (program === 'cd') {
    build.directory = args[0] === undefined || isUnknownWord(args[0]) ? null : placeOf(build, args[0])
    return true
  }
  if (/^(?:apt(?:-get)?|apk)$/.test(program) && args.some(word => /^(?:install|add)$/.test(word)))
    for (const each of args) build.home.install(build, each)
  const text = words.join(' ')
  if (!build.home.mentions.test(text) && !isInside(build)) return true
  if (isUnknownWord(text)) return false
  const taken = build.home.take(build, program, args, true)
  if (taken !== null) return taken
  switch (program) {
    case 'rm':
    case 'unlink':
      return args.every(word => word.startsWith('-') || remove(build, word))
    case 'ln':
      return link(build, args)
    case 'cp':
      return copy(build, args)
    case 'sed':
      return edit(build, args)
    default:
      return HARMLESS.test(program) && !isPiped
  }
}

/** Where relative names are those of the server's own files. */
function isInside({ directory, home }: Build): boolean {
  return directory !== null && isBelow(directory, home.directory)
}

/** Where a word leads; null for one that is relative to a directory that nobody knows. */
function placeOf({ directory }: Build, word: string): string | null {
  return word.startsWith('/')
    ? posix.resolve(word)
    : directory === null
      ? null
      : posix.resolve(directory, word)
}

/** The paths of the tree that a word names, from its root; null where a file of the repository may be among them. */
function pathsOf(build: Build, word: string): readonly string[] | null {
  const { tree, copied, home } = build
  const meant = placeOf(build, word)
  if (meant === null) return null
  const directory = posix.dirname(meant)
  const isMeant = (path: string): boolean =>
    isBelow(path, meant) ||
    (posix.dirname(path) === directory && matchesName(posix.basename(meant), posix.basename(path)))
  if (hasWildcard(directory) || [...copied].some(isMeant)) return null
  return [...new Set([...tree.texts.keys(), ...tree.links.keys()])].filter(path =>
    isMeant(posix.join(home.directory, path)),
  )
}

function remove(build: Build, word: string): boolean {
  const paths = pathsOf(build, word)
  for (const path of paths ?? []) {
    build.tree.texts.delete(path)
    build.tree.links.delete(path)
  }
  return paths !== null
}

function link(build: Build, args: readonly string[]): boolean {
  const [from = '', to = '', ...others] = args.filter(word => !word.startsWith('-'))
  if (to === '' || others.length > 0 || hasWildcard(from + to)) return false
  const place = placeIn(build, to, from)
  if (place === null || build.copied.has(place)) return false
  const path = pathInHome(build.home, place)
  if (path === null) return !overlap(place, build.home.directory)
  return stand(build, path, posix.resolve(posix.dirname(place), from))
}

/** A copy is what it is copied from, as long as nothing changes either: what does finds no text, and nobody knows. */
function copy(build: Build, args: readonly string[]): boolean {
  const words = args.filter(word => !word.startsWith('-'))
  const [from = '', to = '', ...others] = words
  if (to === '' || others.length > 0 || hasWildcard(from + to) || words.length < args.length - 1) return false
  const place = placeIn(build, to, from)
  const source = placeOf(build, from)
  if (place === null || source === null || build.copied.has(place)) return false
  const path = pathInHome(build.home, place)
  if (path === null) return !overlap(place, build.home.directory)
  const own = pathInHome(build.home, source)
  const text = own === null ? undefined : build.tree.texts.get(build.tree.links.get(own) ?? own)
  if (text === undefined) return build.files.kind(source) === 'file' && stand(build, path, source)
  build.tree.links.delete(path)
  build.tree.texts.set(path, text)
  return true
}

/** Where a command puts a file that it was told to put at `to`. */
function placeIn(build: Build, to: string, from: string): string | null {
  const meant = placeOf(build, to)
  if (meant === null) return null
  const { home, tree, files } = build
  const own = pathInHome(home, meant)
  const isDirectory =
    to.endsWith('/') ||
    to === '.' ||
    files.kind(meant) === 'directory' ||
    meant === home.directory ||
    (own !== null &&
      (DIRECTORIES.test(own) ||
        [...tree.texts.keys(), ...tree.links.keys()].some(path => path !== own && isBelow(path, own))))
  return isDirectory ? posix.join(meant, posix.basename(from)) : meant
}

/** Those of the packages in which nothing need be. */
const DIRECTORIES =
  /^(?:(?:sites|conf|mods|modules)-(?:enabled|available)|conf\.d|http\.d|stream\.d|snippets|php-fpm\.d|pool\.d)$/

/** Has a link lead to a file, and to none that is a link itself. */
function stand({ tree, home, files }: Build, path: string, target: string): boolean {
  const own = pathInHome(home, target)
  const meant = own === null ? target : (tree.links.get(own) ?? own)
  // What is there neither of the package nor of the repository, something else makes.
  const isKnown = own === null ? files.kind(target) === 'file' : true
  if (!isKnown) return false
  tree.texts.delete(path)
  tree.links.set(path, meant)
  return true
}

/** Each edit may double a text: no file of a server's is longer. */
const LONGEST = 100_000

function edit(build: Build, args: readonly string[]): boolean {
  const sed = readSed(args)
  if (sed === null) return false
  if (!sed.isInPlace) return true
  const edits = sed.expressions.map(expression => sedEdit(expression, sed.isExtended))
  for (const word of sed.files) {
    const paths = pathsOf(build, word)
    if (paths === null || (paths.length === 0 && mayBeRead(build, word))) return false
    const { texts, links } = build.tree
    for (const path of paths) {
      const place = links.get(path) ?? path
      let text = texts.get(place)
      if (typeof text !== 'string') return false
      for (const each of edits) {
        if (each === null || text.length > LONGEST) return false
        text = each(text)
      }
      // The file takes the place of the link.
      links.delete(path)
      texts.set(path, text)
    }
  }
  return true
}

/** True for a file that something else puts where a server reads it. */
function mayBeRead(build: Build, word: string): boolean {
  const place = placeOf(build, word)
  const path = place === null ? '' : pathInHome(build.home, place)
  return path === '' || (path !== null && DIRECTORIES.test(posix.dirname(path)) && !hasWildcard(path))
}

/**
 * Keeps what a command writes into a file of the server.
 *
 * @param text null where nobody knows it
 */
export function writeFile(
  build: Build,
  { path, append }: NonNullable<PlainCommand['output']>,
  text: string | Source | null,
): boolean {
  const { tree, copied, home } = build
  if (isUnknownWord(path)) return !home.mentions.test(path)
  const whole = placeOf(build, path)
  if (whole === null || !overlap(whole, home.directory)) return !home.mentions.test(path) || whole !== null
  const place = pathInHome(home, whole)
  if (place === null) return false
  const target = tree.links.get(place) ?? place
  if (text === null || target.startsWith('/') || copied.has(posix.join(home.directory, target))) return false
  if (typeof text !== 'string') {
    tree.texts.set(target, text)
    return !append
  }
  const before = append ? (tree.texts.get(target) ?? '') : ''
  if (isUnknownWord(text) || typeof before !== 'string') return false
  tree.texts.set(target, before + text)
  return true
}
