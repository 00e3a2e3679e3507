// Scalar functions of src/graph/expression.ts that WGSL lacks, or grants too little accuracy: its sine may be wrong
// by 2^-11 (WGSL specification, 15.7.4), which is more than the whole error budget here.

/// a to a whole power, by repeated squaring; at most a few multiplications for a constant n.
fn power(a: f32, n: i32) -> f32 {
  var result = 1.0;
  var base = select(a, 1.0 / a, n < 0);
  var left = u32(abs(n));
  while (left > 0u) {
    if ((left & 1u) == 1u) { result *= base; }
    base *= base;
    left >>= 1u;
  }
  return result;
}

/// Sine of x + quadrant * pi/2. Reduced to [-pi/4, pi/4] by subtracting a multiple of pi/2 in two parts
/// (W. J. Cody and W. Waite, Software Manual for the Elementary Functions, 1980); Taylor series from there.
fn sineOf(x: f32, quadrant: i32) -> f32 {
  let turns = round(x * 0.6366197723675814);
  let high = x - turns * 1.5703125;
  let y = (high - turns * 4.837512969970703e-4) - turns * 7.549790126404332e-8;
  let q = (i32(turns) + quadrant) & 3;
  let z = y * y;
  let s = y * (1.0 + z * (-0.16666667 + z * (8.3333333e-3 + z * (-1.98412698e-4 + z * 2.7557319e-6))));
  let c = 1.0 + z * (-0.5 + z * (4.1666667e-2 + z * (-1.38888889e-3 + z * (2.48015873e-5 - z * 2.7557319e-7))));
  let magnitude = select(s, c, (q & 1) == 1);
  return select(magnitude, -magnitude, q >= 2);
}

fn sine(x: f32) -> f32 { return sineOf(x, 0); }

fn cosine(x: f32) -> f32 { return sineOf(x, 1); }

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }

/// The built-in tanh overflows for large arguments on some adapters, and loses digits near 0 on others.
fn hyperbolicTangent(x: f32) -> f32 {
  let a = abs(x);
  let z = x * x;
  let small = x * (1.0 + z * (-0.33333333 + z * (0.13333333 + z * (-5.3968254e-2 + z * 2.1869489e-2))));
  let large = sign(x) * (1.0 - 2.0 / (exp(2.0 * min(a, 20.0)) + 1.0));
  return select(large, small, a < 0.3);
}

fn softplus(x: f32) -> f32 { return max(x, 0.0) + log(1.0 + exp(-abs(x))); }

/// exp(x) - 1, by its Taylor series near 0, where the difference would lose its digits.
fn expMinusOne(x: f32) -> f32 {
  let small = x * (1.0 + x * (0.5 + x * (0.16666667 + x * (4.1666667e-2 + x * (8.3333333e-3 + x * 1.3888889e-3)))));
  return select(exp(x) - 1.0, small, abs(x) < 0.25);
}

/// Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: absolute error below 1.5e-7; Taylor series near 0.
fn errorFunction(x: f32) -> f32 {
  let a = abs(x);
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let z = x * x;
  let small = 1.12837917 * x * (1.0 + z * (-0.33333333 + z * (0.1 + z * (-2.3809524e-2 + z * 4.6296296e-3))));
  return select(sign(x) * (1.0 - p * exp(-a * a)), small, a < 0.4);
}

/// exp(-1/x) / x^n for x > 0, else 0.
fn softUnitStep(x: f32, n: f32) -> f32 {
  let y = max(x, 1e-30);
  return select(0.0, exp(-1.0 / y - n * log(y)), x > 0.0);
}

/// n-th derivative of sin(x)/x: Taylor series near 0, else x f^(n) = sin^(n) - n f^(n-1).
fn sincDerivative(x: f32, n: i32) -> f32 {
  if (abs(x) > f32(n) + 1.0) {
    var f = sine(x) / x;
    for (var k = 1; k <= n; k++) { f = (sineOf(x, k) - f32(k) * f) / x; }
    return f;
  }
  // Terms (-1)^m x^(2m-n) / ((2m-n)! (2m+1)) from the first m with 2m >= n.
  var m = (n + 1) / 2;
  var term = select(1.0, -1.0, (m & 1) == 1) * select(1.0, x, 2 * m > n);
  var sum = 0.0;
  for (var i = 0; i < 12; i++) {
    sum += term / f32(2 * m + 1);
    let p = f32(2 * m - n);
    term *= -x * x / ((p + 1.0) * (p + 2.0));
    m++;
  }
  return sum;
}
