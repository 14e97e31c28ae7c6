;; The kernels of typescript.ts on 128-bit vectors. They work on a block of a row in the memory's one page, from address 0
;; to $end (bytes; a multiple of 16, the rest filled with -Infinity by the caller). Built by scripts/build-kernels.mjs.
(module
  (memory (export "memory") 1)

  ;; The four lanes of the running sum in 64 bits: 0 and 1, 2 and 3.
  (global $sum01 (mut v128) (v128.const f64x2 0 0))
  (global $sum23 (mut v128) (v128.const f64x2 0 0))

  ;; The largest of the block and -Infinity. pmax(a, b) is a < b ? b : a, which leaves NaN out.
  (func (export "max") (param $end i32) (result f32)
    (local $i i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $a (v128.const f32x4 -inf -inf -inf -inf))
    (local.set $b (local.get $a))
    (local.set $c (local.get $a))
    (local.set $d (local.get $a))
    ;; Four vectors a turn, so that their chains overlap; then what is left, one by one.
    (block $rest
      (loop $four
        (br_if $rest (i32.gt_u (i32.add (local.get $i) (i32.const 64)) (local.get $end)))
        (local.set $a (f32x4.pmax (local.get $a) (v128.load (local.get $i))))
        (local.set $b (f32x4.pmax (local.get $b) (v128.load offset=16 (local.get $i))))
        (local.set $c (f32x4.pmax (local.get $c) (v128.load offset=32 (local.get $i))))
        (local.set $d (f32x4.pmax (local.get $d) (v128.load offset=48 (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 64)))
        (br $four)))
    (block $done
      (loop $one
        (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
        (local.set $a (f32x4.pmax (local.get $a) (v128.load (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 16)))
        (br $one)))
    (local.set $a (f32x4.pmax
      (f32x4.pmax (local.get $a) (local.get $b))
      (f32x4.pmax (local.get $c) (local.get $d))))
    ;; No lane is NaN, so that max is as good as pmax.
    (f32.max
      (f32.max (f32x4.extract_lane 0 (local.get $a)) (f32x4.extract_lane 1 (local.get $a)))
      (f32.max (f32x4.extract_lane 2 (local.get $a)) (f32x4.extract_lane 3 (local.get $a)))))

  ;; The index of the first value of the block that equals $value, which must be there.
  (func (export "find") (param $value f32) (result i32)
    (local $i i32) (local $values v128) (local $mask i32)
    (local.set $values (f32x4.splat (local.get $value)))
    (loop $next
      (local.set $mask (i32x4.bitmask (f32x4.eq (v128.load (local.get $i)) (local.get $values))))
      (local.set $i (i32.add (local.get $i) (i32.const 16)))
      (br_if $next (i32.eqz (local.get $mask))))
    (i32.add
      (i32.sub (i32.shr_u (local.get $i) (i32.const 2)) (i32.const 4))
      (i32.ctz (local.get $mask))))

  ;; Replaces each value x by exp((x - $max) * $factor) and adds it to its lane of the sum.
  (func (export "exp") (param $end i32) (param $max f32) (param $factor f32)
    (local $i i32)
    (local $maxes v128) (local $factors v128) (local $x v128) (local $t v128) (local $n v128) (local $r v128)
    (local $y v128) (local $sum01 v128) (local $sum23 v128)
    (local.set $maxes (f32x4.splat (local.get $max)))
    (local.set $factors (f32x4.splat (local.get $factor)))
    (local.set $sum01 (global.get $sum01))
    (local.set $sum23 (global.get $sum23))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
        (local.set $x (f32x4.mul (f32x4.sub (v128.load (local.get $i)) (local.get $maxes)) (local.get $factors)))
        ;; n = x / ln 2, rounded by adding 1.5 * 2^23; r = x - n ln 2
        (local.set $t (f32x4.add
          (f32x4.mul (local.get $x) (v128.const f32x4 1.442695 1.442695 1.442695 1.442695))
          (v128.const f32x4 12582912 12582912 12582912 12582912)))
        (local.set $n (f32x4.sub (local.get $t) (v128.const f32x4 12582912 12582912 12582912 12582912)))
        (local.set $r (f32x4.sub
          (f32x4.sub
            (local.get $x)
            (f32x4.mul (local.get $n) (v128.const f32x4 0.693359375 0.693359375 0.693359375 0.693359375)))
          (f32x4.mul
            (local.get $n)
            (v128.const f32x4 -0.00021219444 -0.00021219444 -0.00021219444 -0.00021219444))))
        ;; y = 1 + r + r^2 (C2 + C3 r + C4 r^2 + C5 r^3 + C6 r^4)
        (local.set $y (f32x4.add
          (f32x4.mul (local.get $r) (v128.const f32x4 0.001381454 0.001381454 0.001381454 0.001381454))
          (v128.const f32x4 0.008368745 0.008368745 0.008368745 0.008368745)))
        (local.set $y (f32x4.add
          (f32x4.mul (local.get $y) (local.get $r))
          (v128.const f32x4 0.04166839 0.04166839 0.04166839 0.04166839)))
        (local.set $y (f32x4.add
          (f32x4.mul (local.get $y) (local.get $r))
          (v128.const f32x4 0.16666521 0.16666521 0.16666521 0.16666521)))
        (local.set $y (f32x4.add
          (f32x4.mul (local.get $y) (local.get $r))
          (v128.const f32x4 0.49999994 0.49999994 0.49999994 0.49999994)))
        (local.set $y (f32x4.add
          (f32x4.add
            (f32x4.mul (f32x4.mul (local.get $r) (local.get $r)) (local.get $y))
            (local.get $r))
          (v128.const f32x4 1 1 1 1)))
        ;; y * 2^n: the low bits of t are n, and 127 more of it is the exponent of 2^n. Then 0 where x < -87 or NaN.
        (local.set $y (v128.and
          (f32x4.mul
            (local.get $y)
            (i32x4.shl (i32x4.add (local.get $t) (v128.const i32x4 127 127 127 127)) (i32.const 23)))
          (f32x4.ge (local.get $x) (v128.const f32x4 -87 -87 -87 -87))))
        (v128.store (local.get $i) (local.get $y))
        (local.set $sum01 (f64x2.add (local.get $sum01) (f64x2.promote_low_f32x4 (local.get $y))))
        (local.set $sum23 (f64x2.add
          (local.get $sum23)
          (f64x2.promote_low_f32x4
            (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $y) (local.get $y)))))
        (local.set $i (i32.add (local.get $i) (i32.const 16)))
        (br $next)))
    (global.set $sum01 (local.get $sum01))
    (global.set $sum23 (local.get $sum23)))

  ;; Writes the indices of the values that are at least $floor behind the block, from address 16384 on, with $base added.
  ;; Returns where they end.
  (func (export "atLeast") (param $end i32) (param $floor f32) (param $base i32) (result i32)
    (local $i i32) (local $out i32) (local $mask i32) (local $floors v128)
    (local.set $floors (f32x4.splat (local.get $floor)))
    (local.set $out (i32.const 16384))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
        ;; Most of a vocabulary is below: four vectors at a time, while there are four.
        (if (i32.le_u (i32.add (local.get $i) (i32.const 64)) (local.get $end))
          (then
            (if (i32.eqz (v128.any_true (f32x4.ge
                  (f32x4.pmax
                    (f32x4.pmax (v128.load (local.get $i)) (v128.load offset=16 (local.get $i)))
                    (f32x4.pmax (v128.load offset=32 (local.get $i)) (v128.load offset=48 (local.get $i))))
                  (local.get $floors))))
              (then
                (local.set $i (i32.add (local.get $i) (i32.const 64)))
                (br $next)))))
        (local.set $mask (i32x4.bitmask (f32x4.ge (v128.load (local.get $i)) (local.get $floors))))
        (block $none
          (loop $bit
            (br_if $none (i32.eqz (local.get $mask)))
            (i32.store (local.get $out) (i32.add
              (local.get $base)
              (i32.add (i32.shr_u (local.get $i) (i32.const 2)) (i32.ctz (local.get $mask)))))
            (local.set $out (i32.add (local.get $out) (i32.const 4)))
            (local.set $mask (i32.and (local.get $mask) (i32.sub (local.get $mask) (i32.const 1))))
            (br $bit)))
        (local.set $i (i32.add (local.get $i) (i32.const 16)))
        (br $next)))
    (local.get $out))

  ;; The sum of all blocks since the last call.
  (func (export "sum") (result f64)
    (local $sum v128)
    (local.set $sum (f64x2.add (global.get $sum01) (global.get $sum23)))
    (global.set $sum01 (v128.const f64x2 0 0))
    (global.set $sum23 (v128.const f64x2 0 0))
    (f64.add (f64x2.extract_lane 0 (local.get $sum)) (f64x2.extract_lane 1 (local.get $sum)))))
