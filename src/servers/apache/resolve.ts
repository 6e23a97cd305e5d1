import { reveal } from '../../../parsers/text/placeholder.ts'
import type { ApacheConfiguration, ApacheDirective } from './configuration.ts'

/**
 * The configuration as httpd sees it, in the format of `apache2 -t -D DUMP_CONFIG`: conditionals and
 * macros gone, includes in place, `${}` filled in, each directive behind its line.
 *
 * A value that nobody knows is printed as it was written.
 */
export function resolveApache(configuration: ApacheConfiguration): string {
  const output: string[] = []
  const printer: Printer = { output, file: null }
  printAll(printer, configuration.top, '')
  return output.join('')
}

interface Printer {
  readonly output: string[]
  file: string | null
}

function printAll(printer: Printer, directives: readonly ApacheDirective[], indent: string): void {
  for (const directive of directives) print(printer, directive, indent)
}

function print(printer: Printer, directive: ApacheDirective, indent: string): void {
  const { name, section, children, line } = directive
  const { output } = printer
  nameFile(printer, directive.file)
  output.push(indent, '#', String(line).padStart(4), ':\n')
  output.push(indent, section ? '<' : '', name, ' ', reveal(directive.text), '\n')
  // httpd's own dump leaves the closer out where nothing stands in between.
  if (children.length === 0) return
  printAll(printer, children, `${indent}  `)
  nameFile(printer, directive.file)
  output.push(indent, '</', name, '>\n')
}

function nameFile(printer: Printer, file: string): void {
  if (printer.file === file) return
  printer.file = file
  printer.output.push('# In file: ', file, '\n')
}
