export {
  evaluateExpression,
  evaluateWithin,
  LimitReached,
} from '../../../parsers/python/evaluate-expression.ts'
