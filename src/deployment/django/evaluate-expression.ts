export { evaluateExpression } from '../../../parsers/python/evaluate-expression.ts'
