import type { Place, Source } from '../parsers/text/source.ts'

/** A tag of a template that its engine does not read as one, or reads to the end of another. */
export interface BrokenTag {
  readonly at: Place
  readonly message: string
  readonly help: string
}

/** The broken tags of the templates among some files: their names tell the engine. */
export function* brokenTags(sources: Iterable<Source>): Iterable<BrokenTag> {
  const seen = new Set<Source>()
  for (const source of sources) {
    if (!source.template || seen.has(source)) continue
    seen.add(source)
    if (/\.erb$/.test(source.path)) yield* ofRuby(source)
    // Between `raw` and `endraw` braces are text.
    else if (/\.j(?:inja)?2$/.test(source.path) && !/\braw\b|'[{%]{2}'|"[{%]{2}"/.test(source.text))
      yield* ofJinja(source)
  }
}

/** `%>s` and `%>{…}` are words of a log format. */
const CLOSER = /^(?!\s*#).*?(%>)(?![\w{])/gm

function* ofRuby(source: Source): Iterable<BrokenTag> {
  for (const { 0: line, index } of source.code.matchAll(CLOSER)) {
    const end = index + line.length
    yield {
      at: { source, start: end - 2, end },
      message:
        'this `%>` ends no tag, so ERB leaves what stands before it as it is, and the server reads that',
      help: 'Open the tag with `<%=`',
    }
  }
}

function* ofJinja(source: Source): Iterable<BrokenTag> {
  for (const { 0: words, index } of source.code.matchAll(OPENED_ONCE))
    yield {
      at: { source, start: index, end: index + words.length },
      message: `\`${words}\` is no tag, so Jinja leaves it as it is, and the server reads the braces`,
      help: 'Open the tag with two braces: `{{`',
    }
  for (const { 0: words, index } of source.text.matchAll(CLOSED_ONCE))
    yield {
      at: { source, start: index, end: index + words.length },
      message: `\`${words}\` is not closed: Jinja refuses the template, or takes what follows for a part of the tag`,
      help: 'Close the tag with two braces: `}}`',
    }
}

/** `{ name }}`; a brace of nginx has other words before it, and a line end behind it. */
const OPENED_ONCE = /(?<![{$\w])\{ ?[a-z]\w*(?:\.\w+)*(?: ?\|[^{}\n;]*)? ?\}\}/g
/** `{{ name }`. */
const CLOSED_ONCE = /\{\{ ?[a-z]\w*(?:\.\w+)*(?: ?\|[^{}\n;]*)? ?\}(?!\})/g
