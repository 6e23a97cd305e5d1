import { isStandIn, standInName } from '../../../parsers/text/stand-in.ts'
import type { NginxWord } from '../../../parsers/nginx/syntax.ts'
import { positionAt, type Source } from '../../../parsers/text/source.ts'
import type { NginxConfiguration, NginxDirective } from './configuration.ts'

/** nginx takes no comment of 4,096 bytes; three bytes a character leave room for the line number. */
const LONGEST_PATH = 1300

const INDENT = '    '

/**
 * The configuration as nginx reads it, in one piece: includes in their place, comments gone.
 *
 * As in an `nginx -T` dump, a line `# configuration file PATH:` stands wherever another file begins or
 * goes on; unlike there, that is the place of the `include`. Each directive has a line of its own that ends
 * in `# PATH:LINE`, and so has each `}`. An `include` whose files follow is shown as a comment; one that
 * brought nothing stays, so that nginx reads the same from this text as from its files.
 */
export function resolveNginx(configuration: NginxConfiguration): string {
  const printer = new Printer(configuration)
  printer.print(configuration.top, '')
  return printer.text()
}

class Printer {
  private readonly lines: string[] = []
  private readonly configuration: NginxConfiguration
  private source: Source | null = null

  constructor(configuration: NginxConfiguration) {
    this.configuration = configuration
  }

  text(): string {
    return this.lines.length === 0 ? '' : `${this.lines.join('\n')}\n`
  }

  print(directives: readonly NginxDirective[], indent: string): void {
    for (const directive of directives) this.printDirective(directive, indent)
  }

  private printDirective(directive: NginxDirective, indent: string): void {
    const { node, source, children, name } = directive
    const words = [node.name, ...node.args].map(word => source.text.slice(word.start, word.end)).join(' ')
    if (name === 'include' && (this.configuration.included?.get(directive)?.length ?? 0) > 0) {
      this.line(source, node.name, `${indent}# ${words.replaceAll('\n', ' ')};`)
      return
    }
    if (node.block === null) {
      this.line(source, node.name, `${indent}${words};`)
      return
    }
    const [body] = node.block.children
    if (body?.kind === 'lua') {
      this.line(source, node.name, `${indent}${words} ${source.text.slice(body.start, body.end)}`)
      return
    }
    this.line(source, node.name, `${indent}${words} {`)
    this.print(children, indent + INDENT)
    const { end } = node.block
    this.line(source, { start: Math.max(end - 1, 0), end, value: '}' }, `${indent}}`)
  }

  private line(source: Source, { start }: NginxWord, text: string): void {
    const path = isStandIn(source) ? standInName(source.path) : source.path
    const isNamed = path.length <= LONGEST_PATH && !/[\n\r]/.test(path)
    if (source !== this.source) {
      this.source = source
      if (isNamed) this.lines.push(`# configuration file ${path}:`)
    }
    this.lines.push(isNamed ? `${text} # ${path}:${positionAt(source, start).line}` : text)
  }
}
